from ipaddress import ip_address

import pytest

from gateway.http.public_address import is_public
from tests.support.special_addresses import PUBLIC_ADDRESSES, SPECIAL_ADDRESSES


@pytest.mark.requirement("149")
@pytest.mark.parametrize("address", SPECIAL_ADDRESSES)
def test_special_use_addresses_are_not_public_in_any_form(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_all_others_are_public(address: str) -> None:
    assert is_public(ip_address(address))
