"""Redirects of an upstream to itself, which the gateway follows: RFC 9110 §15.4."""

from gateway.errors import UpstreamInvalid
from gateway.http.message_head import values_of
from gateway.proxy.upstream.own_urls import OwnUrls, origin_of
from gateway.proxy.upstream.response import UpstreamResponse
from gateway.proxy.upstream.seen import shown

REDIRECTS = frozenset({307, 308})  # the two that keep method and body: RFC 9110 §15.4.8, §15.4.9
MAX_REDIRECTS = 3


def redirected(response: UpstreamResponse, own_urls: OwnUrls) -> bytes:
    """The target that a redirect leads to. Raises `UpstreamInvalid` when that is elsewhere."""
    place = location(response)
    target = own_urls.target_of(place) if place else None
    response.close()
    if target is None:
        raise UpstreamInvalid(
            "The server behind the gateway redirects elsewhere.",
            reason="redirect_elsewhere",
            seen=f"status {response.status}, location at {told_origin(place)}",
        )
    return target


def in_circles() -> UpstreamInvalid:
    """The error after too many redirects."""
    return UpstreamInvalid(
        "The server behind the gateway redirects in circles.",
        reason="redirect_loop",
        seen=f"{MAX_REDIRECTS + 1} redirects",
    )


def location(response: UpstreamResponse) -> str:
    """Where a response points to; empty when it does not say."""
    given = values_of(response.headers, b"location")
    return given[0].decode("latin-1") if given else ""


def told_origin(url: str) -> str:
    """What a log may be told of a URL."""
    return shown(origin_of(url).encode()) if url else "no place"
