from ipaddress import ip_address, ip_network

import pytest

from gateway.identity.provider.address_guard import AddressForbidden, AddressGuard
from tests.support.special_addresses import PUBLIC_ADDRESSES, SPECIAL_ADDRESSES

PUBLIC = PUBLIC_ADDRESSES[0]


@pytest.mark.requirement("F12")
@pytest.mark.parametrize("address", SPECIAL_ADDRESSES)
def test_an_address_in_the_place_of_a_name_is_looked_at_too(address: str) -> None:
    written = f"[{address}]" if ":" in address else address

    with pytest.raises(AddressForbidden):
        AddressGuard().check_host(written, 443)


@pytest.mark.parametrize("host", ["docs.example", "localhost"])
def test_a_name_waits_for_its_addresses(host: str) -> None:
    AddressGuard().check_host(host, 443)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_public_addresses_may_be_asked_at_their_port_of_https(address: str) -> None:
    AddressGuard().check_address(ip_address(address), 443)


@pytest.mark.requirement("F12")
@pytest.mark.parametrize("port", [0, 22, 25, 80, 6379, 8443])
def test_no_other_port_of_a_public_address_is_asked(port: int) -> None:
    with pytest.raises(AddressForbidden, match="port"):
        AddressGuard().check_address(ip_address(PUBLIC), port)


def test_the_operators_own_networks_may_be_asked_at_every_port() -> None:
    guard = AddressGuard((ip_network("10.1.0.0/16"),))

    guard.check_address(ip_address("10.1.2.3"), 8443)
    with pytest.raises(AddressForbidden):
        guard.check_address(ip_address("10.2.0.1"), 443)


def test_the_refusal_does_not_name_the_address() -> None:
    with pytest.raises(AddressForbidden) as caught:
        AddressGuard().check_address(ip_address("10.0.0.7"), 443)

    assert "10.0.0.7" not in str(caught.value)
