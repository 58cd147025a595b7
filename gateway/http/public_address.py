"""Which addresses anybody on the internet may be: RFC 6890 and the IANA registries that follow it.

Not `is_global` of the standard library: it says other things in other versions of Python.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_SPECIAL_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network; connecting to it reaches this host
            "10.0.0.0/8",  # private use
            "100.64.0.0/10",  # carrier-grade translation; services of clouds
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local; metadata services of clouds
            "172.16.0.0/12",  # private use
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private use
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarking
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
# All that was ever given out. Outside are loopback, unique and link-local, site-local, multicast,
# IPv4 that is mapped or compatible, and both prefixes of NAT64: 64:ff9b::/96 and 64:ff9b:1::/48.
_GIVEN_OUT_IPV6 = IPv6Network("2000::/3")
_SPECIAL_IPV6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them: it carries IPv4
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: it carries IPv4
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is no special-use one, whatever it carries or translates to."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_IPV4)
    if address not in _GIVEN_OUT_IPV6 or address.scope_id is not None:
        return False
    return not any(address in network for network in _SPECIAL_IPV6)
