"""For which names the admin listener answers: a page of another's must not read it (CWE-350).

A page in the operator's browser may have its own name lead here (DNS rebinding); the browser then
takes what this listener says for the page's own. It cannot name an address, though: a request to
one comes from no page of another name. So addresses and loopback names always count, other names
only when they are configured. Pure.
"""

from collections.abc import Collection
from ipaddress import ip_address

from gateway.oauth.resource import parse_host

_LOCAL = "localhost"


def is_answered_for(authority: str, names: Collection[str]) -> bool:
    """Whether a Host value is an address, this machine's own name or one of `names`.

    `names` are hosts in lower case, which stand for every port, or hosts with a port.
    """
    try:
        host, port = parse_host(authority)
    except ValueError:
        return False
    if host == _LOCAL or host.endswith(f".{_LOCAL}") or _is_address(host):
        return True
    return host in names or (port is not None and f"{host}:{port}" in names)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
