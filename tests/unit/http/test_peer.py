"""Whose word about the client's address is believed."""

from ipaddress import ip_network

import pytest

from gateway.http.peer import client_address, is_trusted, network_of, plain_address

INSIDE = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.requirement("H8")
def test_nobody_is_believed_by_default() -> None:
    assert client_address("192.0.2.7", ["198.51.100.1"], ()) == "192.0.2.7"


@pytest.mark.requirement("H8")
def test_a_stranger_cannot_choose_its_address() -> None:
    assert client_address("192.0.2.7", ["198.51.100.1"], INSIDE) == "192.0.2.7"


def test_a_trusted_proxy_names_the_client() -> None:
    assert client_address("10.1.1.1", ["198.51.100.1"], INSIDE) == "198.51.100.1"


def test_only_the_part_behind_trusted_proxies_counts() -> None:
    chain = ["203.0.113.9, 198.51.100.1", "10.2.2.2"]

    assert client_address("10.1.1.1", chain, INSIDE) == "198.51.100.1"


@pytest.mark.parametrize("hop", ["", "unknown", "1.2.3.4:80", "<script>"])
def test_what_is_no_address_ends_the_chain(hop: str) -> None:
    assert client_address("10.1.1.1", [hop], INSIDE) == "10.1.1.1"


def test_a_chain_of_trusted_proxies_only_leaves_the_peer() -> None:
    assert client_address("10.1.1.1", ["10.2.2.2"], INSIDE) == "10.1.1.1"


def test_a_unix_socket_peer_is_never_trusted() -> None:
    assert not is_trusted("unix", INSIDE)


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("peer", ["10.1.1.1", "::ffff:10.1.1.1", "64:ff9b::10.1.1.1"])
def test_a_proxy_is_known_at_a_dual_stack_socket_too(peer: str) -> None:
    assert client_address(peer, ["::ffff:198.51.100.1"], INSIDE) == "198.51.100.1"


@pytest.mark.requirement("A7")
@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("0:0:0:0:0:ffff:c000:0201", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("no:address", "no:address"),
        ("unix", "unix"),
    ],
)
def test_an_ipv4_address_is_itself_where_ipv6_carries_it(address: str, plain: str) -> None:
    assert plain_address(address) == plain
    assert client_address(address, [], ()) == plain


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8::1", "2001:db8::2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("no:address", "no:address", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::FFFF:c000:201", "192.0.2.1", True),
        ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", False),
        ("64:ff9b::192.0.2.1", "192.0.2.1", True),
    ],
)
@pytest.mark.requirement("A7")
def test_an_ipv6_network_counts_as_one(one: str, other: str, *, alike: bool) -> None:
    assert (network_of(one) == network_of(other)) is alike
