"""Taking one authorized request to its upstream and judging what comes back."""

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from gateway.errors import UpstreamInvalid
from gateway.http.head import Head
from gateway.http.message_head import NO_LINES, Field, Lines, end_head, values_of, without
from gateway.http.status import FIRST_ERROR, FIRST_REDIRECT
from gateway.identity.principal import Principal
from gateway.proxy.outgoing.legacy_endpoint import LegacyEndpoints
from gateway.proxy.outgoing.request_head import HeaderPolicy, Hop, begin_request_head, identity_of
from gateway.proxy.outgoing.upstream_query import UpstreamQuery
from gateway.proxy.upstream.own_urls import OwnUrls
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.redirects import (
    MAX_REDIRECTS,
    REDIRECTS,
    in_circles,
    location,
    redirected,
    told_origin,
)
from gateway.proxy.upstream.response import Delivery, UpstreamResponse
from gateway.proxy.upstream.response_headers import response_headers
from gateway.proxy.upstream.seen import shown
from gateway.proxy.upstream.target import Target

# What is accepted is not answered; some servers add a word of plain text all the same.
_WITHOUT_MESSAGE = frozenset({202, 204})
_OF_THE_BODY = frozenset({b"content-type", b"content-encoding", b"content-disposition"})
_OK_MEDIA = (b"application/json", b"text/event-stream")  # MCP Streamable HTTP: nothing else
_ERROR_MEDIA = (*_OK_MEDIA, b"application/problem+json", b"text/plain")

logger = logging.getLogger(__name__)


class RequestContext(NamedTuple):
    """Where a request comes from, and its trace fields.

    `check` is asked once more when it can be sent, and raises.
    """

    request_id: str
    address: str
    trace: Sequence[Field] = ()
    check: Callable[[], None] | None = None


class Forwarder:
    """Everything that forwarding to one upstream needs, made ready at start."""

    def __init__(
        self,
        pool: UpstreamPool,
        policy: HeaderPolicy,
        target: Target,
        *,
        public_url: str,
        endpoints: LegacyEndpoints,
    ) -> None:
        self.pool = pool
        self._policy = policy
        self._url = public_url
        self._own_urls = OwnUrls(target, public_url, policy.host)
        self._query = UpstreamQuery(target.path)
        public = urlsplit(public_url)
        self._scheme, self._host, self._public_path = (
            public.scheme,
            public.netloc,
            public.path or "/",
        )
        self._endpoints = endpoints
        # A principal lives as long as its cached verdict: encoding it once saves 8 µs a request.
        self._identity = lru_cache(maxsize=4096)(self._identify)

    async def send(
        self,
        head: Head,
        principal: Principal | None,
        body: bytes,
        context: RequestContext,
        own_lines: Lines = NO_LINES,
    ) -> Delivery:
        """Send the request and wait for the head of the answer.

        `own_lines` are the gateway's own
        header lines for this call. Raises `UpstreamError`,
        `MalformedHttp` for a `Connection` header that names what it must not, and
        `AccessDenied` when a required identity header has no value.
        """
        own = [(b"X-Request-Id", context.request_id.encode("ascii")), *context.trace]
        if head.method == "POST":
            own.append((b"Content-Length", b"%d" % len(body)))
        opening = self._opening(head, principal, context.address)
        for _ in range(MAX_REDIRECTS + 1):
            response = await self.pool.send(end_head(opening, own, own_lines), body, context.check)
            if response.status not in REDIRECTS:
                return self._judge(head, response)
            target = redirected(response, self._own_urls)
            opening = self._build_opening(head, principal, context.address, target)
        raise in_circles()

    def _opening(self, head: Head, principal: Principal | None, address: str) -> Lines:
        """What each request with this head, of this principal, begins with."""
        known: tuple[Principal | None, Lines] | None = head.facts.get(self)
        if known is not None and known[0] is principal:
            return known[1]
        opening = self._build_opening(head, principal, address, self._target(head, principal))
        head.facts[self] = principal, opening
        return opening

    def _build_opening(
        self, head: Head, principal: Principal | None, address: str, target: bytes
    ) -> Lines:
        hop = Hop(address, self._scheme, self._host)
        identity = self._identity(principal)
        return begin_request_head(
            head.method, target, head.raw_headers, identity, self._policy, hop
        )

    def _identify(self, principal: Principal | None) -> Lines:
        identity = identity_of(principal, self._policy)
        for each in identity.shortened:
            logger.warning(
                "an identity header is too large and does not tell all",
                extra={
                    "url": self._url,
                    "issuer": None if principal is None else principal.issuer,
                    "subject": None if principal is None else principal.subject,
                    "header": each.header,
                    "members": each.members,
                    "bytes": each.size,
                },
            )
        return identity.lines

    def rewrite_endpoint(self, endpoint: str, principal: Principal | None) -> str:
        """Turn the `endpoint` of a legacy event stream into one that comes back to the gateway.

        Raises `UpstreamInvalid` when it points to another server.
        """
        target = self._own_urls.target_of(endpoint)
        if target is None:
            raise UpstreamInvalid(
                "The server behind the gateway sent a foreign endpoint.",
                reason="foreign_endpoint",
                seen=f"endpoint at {told_origin(endpoint)}",
            )
        return f"{self._public_path}?{self._endpoints.query(target.decode(), principal)}"

    def _target(self, head: Head, principal: Principal | None) -> bytes:
        given = self._endpoints.target(head.method, head.query, principal)
        if given is not None:
            return given
        return self._query.target(head.query)

    def _judge(self, head: Head, response: UpstreamResponse) -> Delivery:
        facts = response.head.facts
        known: tuple[str, Sequence[Field], bool] | None = facts.get(self)
        if known is not None and known[0] == head.method:
            _, headers, events = known
            return Delivery(response, headers, events, legacy=events and head.method == "GET")
        try:
            kept = response_headers(response.headers)
            media = _media_type(kept)
            _check_status(response)
            if response.status == HTTPStatus.METHOD_NOT_ALLOWED:
                kept = _with_allow(head, kept)
            if not _is_mcp(head, response, media):
                return Delivery(_without_body(response), without(kept, _OF_THE_BODY), False, False)
        except UpstreamInvalid:
            response.close()
            raise
        events = media == b"text/event-stream"
        if media in _OK_MEDIA:  # of others it depends on the body whether they pass
            facts[self] = head.method, kept, events
        return Delivery(response, kept, events, legacy=events and head.method == "GET")


def _media_type(headers: Sequence[Field]) -> bytes:
    given = values_of(headers, b"content-type")
    return given[0].partition(b";")[0].strip().lower() if given else b""


def _check_status(response: UpstreamResponse) -> None:
    status = response.status
    if status in (401, 407):
        # Passed on, it would send the client to log in again, in a loop, for a token it has.
        raise UpstreamInvalid(
            "The server behind the gateway wants credentials of its own.",
            reason="wants_credentials",
            seen=f"status {status}",
        )
    if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        # The client's own head was small enough: what the gateway says of the caller is not.
        raise UpstreamInvalid(
            "The server behind the gateway takes no headers as large as these (431).",
            reason="head_refused",
            seen=f"status {status}",
        )
    if FIRST_REDIRECT <= status < FIRST_ERROR:
        raise UpstreamInvalid(
            "The server behind the gateway redirects.",
            reason="redirect",
            seen=f"status {status}, location at {told_origin(location(response))}",
        )


def _is_mcp(head: Head, response: UpstreamResponse, media: bytes) -> bool:
    """Tell whether the body may pass; False for one that nobody reads anyway.

    Raises `UpstreamInvalid` where the client waits for what the body does not hold.
    """
    lenient = response.status in _WITHOUT_MESSAGE or head.method == "DELETE"
    known = _ERROR_MEDIA if lenient or response.status >= FIRST_ERROR else _OK_MEDIA
    if media in known or response.body == b"":
        return True
    if lenient:
        return not media  # which `nosniff` keeps from being a page
    raise UpstreamInvalid(
        "The server behind the gateway answered with something else than MCP.",
        reason="content_type",
        seen=f"status {response.status}, content type {shown(media) or 'none'}",
    )


def _with_allow(head: Head, headers: list[Field]) -> list[Field]:
    """RFC 9110 §15.5.6, also where the server forgets it: OPTIONS is ours, POST is MCP's."""
    if values_of(headers, b"allow"):
        return headers
    return [*headers, (b"Allow", b"OPTIONS" if head.method == "POST" else b"POST, OPTIONS")]


def _without_body(response: UpstreamResponse) -> UpstreamResponse:
    # Passed on, a page would be one of the gateway's origin.
    response.close()
    response.body = b""
    return response
