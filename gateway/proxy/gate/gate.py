"""The life of a request, on one screen."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from gateway.config.own_tools import DECIDED_BY
from gateway.errors import (
    AccessDenied,
    GatewayError,
    IdentityUnavailable,
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    MethodNotAllowed,
    MisdirectedRequest,
    MissingToken,
)
from gateway.http.cors import MCP_METHODS, check_origin, preflight
from gateway.http.head import (
    Head,
    ParsedHead,
    forwarded_host,
    wants_page,
    with_forwarded_host,
)
from gateway.http.message_head import NO_LINES, Lines, join_lines
from gateway.http.peer import Network, client_address, is_trusted
from gateway.http.reply import JSON, NO_STORE, Reply, error_reply, reply_bytes
from gateway.identity.principal import Principal
from gateway.mcp.answer import answer_in
from gateway.mcp.operation import Operation
from gateway.oauth.bearer import has_query_token, parse_authorization
from gateway.policy.decision import Allow, Unknown
from gateway.proxy.answers.answer_rewriter import AnswerRewriter, Change, rewrite_body
from gateway.proxy.gate.authorize import authorize
from gateway.proxy.gate.check_parameters import check_parameters
from gateway.proxy.gate.client import Client
from gateway.proxy.gate.own_tools import OwnTools
from gateway.proxy.gate.parse_operation import read_operation
from gateway.proxy.gate.refuse import refuse
from gateway.proxy.gate.refused_call import note_refused_call
from gateway.proxy.gate.route import Answer, Receiver, Route, Routes
from gateway.proxy.gate.visit import Visit, harmless_request_id, new_request_id
from gateway.proxy.limits.caller import Presence
from gateway.proxy.limits.limits import StrangerLimits, Using
from gateway.proxy.outgoing.introduction import Introduction, introduce
from gateway.proxy.sessions.login_in_session import Newcomer
from gateway.proxy.upstream.forward import Delivery, Way

logger = logging.getLogger(__name__)

STALLED = "stalled"


class Gate:
    """Takes every request of the public listener.

    `record` is told of each visit once, after its end.
    """

    def __init__(
        self,
        routes: Routes,
        record: Callable[[Visit], None],
        trusted_proxies: tuple[Network, ...] = (),
        strangers: StrangerLimits | None = None,
    ) -> None:
        self.in_flight = 0
        self._drained: asyncio.Future[None] | None = None
        self._routes = routes
        self._record = record
        self._trusted_proxies = trusted_proxies
        self._strangers = strangers or StrangerLimits(None)

    async def handle(self, client: Client) -> None:
        """Serve one request; every outcome is answered and recorded here."""
        head = client.head
        visit = _visit(head.method, head.headers.get("X-Request-Id"))
        self.in_flight += 1
        try:
            await self._serve(client, visit)
        except GatewayError as error:
            refuse(client, visit, error)
        except asyncio.CancelledError:
            visit.client_gone = True
            visit.ended = STALLED if client.has_stalled else visit.ended
            raise
        except Exception:
            logger.exception("unexpected failure", extra={"request_id": visit.request_id})
            failure = GatewayError("The gateway failed. Tell its operator the request id.")
            refuse(client, visit, failure)
        finally:
            self._leave()
            if visit.route is not None:
                visit.route.metrics.in_flight -= 1
            self._record(visit)

    def misread(self, parsed: ParsedHead, error: GatewayError) -> bytes:
        """Answer a head that cannot be believed; nothing about its connection can be, either."""
        sent = {name.lower(): value.decode("latin-1") for name, value in parsed.raw_headers}
        visit = _visit(parsed.method, sent.get(b"x-request-id"))
        visit.address, visit.host = parsed.address, sent.get(b"host", "")
        visit.path = parsed.target.partition("?")[0]
        visit.reason, visit.status = error.reason, error.status
        self._record(visit)
        headers = [(b"X-Request-Id", visit.wire_id.encode())]
        reply = error_reply(error, request_id=visit.request_id, headers=headers)
        return reply_bytes(reply, keep_alive=False, bodiless=parsed.method == "HEAD")

    async def _serve(self, client: Client, visit: Visit) -> None:
        head = client.head
        visit.address = self._client_address(head)
        if self._trusted_proxies and is_trusted(head.address, self._trusted_proxies):
            head = with_forwarded_host(head, self._routes.sites)
        visit.host, visit.path = head.authority, head.path
        place = self._find(head, visit)
        if not isinstance(place, Route):
            reply = await _answer(client, place)
            visit.status = reply.status
            await client.send(reply)
            return
        visit.route = place
        visit.traceparent = head.headers.get("Traceparent", "")
        place.metrics.in_flight += 1
        visit.cors = check_origin(head, place.origins)
        if head.method == "OPTIONS":
            visit.status = 204
            client.reply(preflight(head, visit.cors))
            return
        check_method(head)
        visit.principal = await self._authenticate(place, head, visit)
        try:
            if visit.principal is not None:
                admit(place, visit.principal)
            with place.limits.use(visit.principal, visit.address, head.method) as using:
                await self._proxy(client, place, visit, using)
        except GatewayError:
            if visit.principal is not None and not visit.body_begun:
                await note_refused_call(client, visit)
            raise

    async def _authenticate(self, route: Route, head: Head, visit: Visit) -> Principal | None:
        try:
            return await authenticate(route, head, visit, self._strangers)
        except (MissingToken, InvalidToken):
            self._strangers.failed(visit.address)
            raise

    async def _proxy(self, client: Client, place: Route, visit: Visit, using: Using) -> None:
        visit.body_begun = True
        head = client.head
        body = await _read(client, place)
        visit.bytes_in = len(body)
        visit.operation = read_operation(head, body, visit)
        messages = visit.operation.messages
        if visit.operation.listens:
            using.listen()
        own = place.own_tools
        is_own = own is not None and await own.are_called(head, messages)
        if visit.principal is None and not (place.anonymous or is_own):
            raise self._refused_stranger(visit)
        who = Presence(visit.principal, visit.address)
        succession = place.succession
        is_new = succession is not None and place.sessions.is_strangers(head, who, messages)
        visit.session = None if is_new else place.sessions.enter(head, who, messages)
        session = None if visit.session is None else visit.session.name
        await place.limits.take(visit.principal, visit.address, session, messages)
        if own is not None and is_own:
            _check_again(place, visit)
            await _answer_own(client, own, visit, body)
            return
        if place.authorization is not None:
            await authorize(place.authorization, visit.principal, messages, visit)
        await check_parameters(place.catalogue, head, visit.operation)
        visit.rewriter = _rewriter(place, head, visit.principal, visit.operation)
        way = Way(visit.wire_id, visit.address, partial(_check_again, place, visit))
        if succession is not None and is_new:
            visit.session = await succession.begin(_newcomer(who, head, visit))
        own_lines = visit.session.line if visit.session is not None else NO_LINES
        if place.introducers:
            own_lines = join_lines([own_lines, await _introduce(place, visit, body)])
        started = time.perf_counter()
        try:
            delivery = await place.forwarder.send(head, visit.principal, body, way, own_lines)
        finally:
            visit.upstream_s = time.perf_counter() - started
        delivery = place.sessions.leave(delivery, visit.session, who, head, messages)
        if succession is not None and visit.principal is None:
            succession.remember(delivery, messages, body)
        if visit.rewriter is not None:
            delivery = await rewrite_body(delivery, visit.rewriter)
        if delivery.response.body is None:
            _check_stream(place, visit, delivery)
        await client.deliver(place, delivery, visit)

    def _refused_stranger(self, visit: Visit) -> MissingToken:
        self._strangers.failed(visit.address)
        return _missing_token()

    async def drained(self) -> None:
        """Wait until no request is under way."""
        if self.in_flight:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def _leave(self) -> None:
        self.in_flight -= 1
        if self.in_flight == 0 and self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _find(self, head: Head, visit: Visit) -> Route | Receiver | Answer:
        try:
            return self._routes.match(head)
        except MisdirectedRequest:
            visit.peer, visit.forwarded_host = head.address, forwarded_host(head)
            raise

    def _client_address(self, head: Head) -> str:
        forwarded_for = head.headers.getall("X-Forwarded-For", ())
        return client_address(head.address, forwarded_for, self._trusted_proxies)


def _visit(method: str, sent_id: str | None) -> Visit:
    visit = Visit(new_request_id(), time.time(), time.perf_counter(), method)
    visit.sent_request_id = harmless_request_id(sent_id)
    return visit


async def authenticate(
    route: Route, head: Head, visit: Visit, strangers: StrangerLimits
) -> Principal | None:
    """Find out who calls; None without credentials where the server lets anybody in.

    Raises `MissingToken`, `InvalidToken`, `InvalidRequest` for credentials in two places or
    in the query, `RateLimited` for an address that failed too often, and `IdentityUnavailable`.
    """
    if head.query and has_query_token(head.query):
        raise InvalidRequest("A token belongs into the Authorization header only.")
    credentials = parse_authorization(head.headers.getall("Authorization", ()))
    if credentials is None:
        # A person is shown the page, also where clients need no token.
        if wants_page(head.method, head.headers):
            raise _missing_token()
        # Where the gateway has public tools of its own, it depends on what is called.
        if route.anonymous or _has_public_tools(route, head):
            return None
        raise _missing_token()
    visit.token = credentials.token
    started = time.perf_counter()
    try:
        principal = await _verdict(route, credentials.token, visit, strangers)
        if route.possession.concerns(credentials, principal):
            route.possession.check(head, credentials, principal, visit.began_at)
        return principal
    finally:
        visit.auth_s = time.perf_counter() - started


async def _verdict(route: Route, token: str, visit: Visit, strangers: StrangerLimits) -> Principal:
    visit.cache_result = "negative"  # unless what follows says otherwise
    cached = route.authenticator.cached(token, visit.began_at)
    visit.cache_result = "miss" if cached is None else "hit"
    if cached is not None:
        return cached
    with strangers.look(visit.address):
        return await route.authenticator.authenticate(token, visit.began_at)


def _check_again(route: Route, visit: Visit) -> None:
    """Raise `InvalidToken` for a token that has expired, or was revoked, since it was accepted."""
    if visit.principal is not None:
        route.authenticator.check_again(visit.principal, time.time())


def _check_stream(route: Route, visit: Visit, delivery: Delivery) -> None:
    # What was revoked while the server thought has ended the streams that were open then.
    try:
        if visit.principal is not None:
            route.authenticator.check_revoked(visit.principal, time.time())
    except GatewayError:
        delivery.response.close()
        raise


def admit(route: Route, principal: Principal) -> None:
    """Let the principal through to this server.

    Raises `InsufficientScope` when a broader token would help, else `AccessDenied`, and
    `IdentityUnavailable` when nobody knows now.
    """
    decision = route.admit(principal)
    if isinstance(decision, Allow):
        return
    if isinstance(decision, Unknown):
        raise IdentityUnavailable("The caller's groups are not known now.", reason=decision.reason)
    if decision.missing_scopes:
        raise InsufficientScope("The token lacks a scope.", scopes=decision.missing_scopes)
    raise AccessDenied("You may not use this server.", reason=decision.reason)


def check_method(head: Head) -> None:
    """Raise `MethodNotAllowed` for what MCP does not use."""
    if head.method not in ("POST", "GET", "DELETE"):
        raise MethodNotAllowed("MCP uses POST, GET and DELETE.", allow=MCP_METHODS)


async def _answer(client: Client, place: Receiver | Answer) -> Reply:
    head = client.head
    if not isinstance(place, Receiver):
        return await place(head)
    if head.method != "POST":
        raise MethodNotAllowed("Only a POST is taken here.", allow="POST")
    body = await client.body(place.body)
    return await place.receive(head, body)


async def _answer_own(client: Client, own: OwnTools, visit: Visit, body: bytes) -> None:
    """Answer a call of the gateway's own tools; the upstream hears nothing of it."""
    assert visit.operation is not None  # noqa: S101  # it was read to come here
    visit.rule = DECIDED_BY
    batch = body.lstrip()[:1] == b"["
    answer = await own.answer(visit, visit.operation, time.time(), batch=batch)
    visit.status, visit.bytes_out = 200, len(answer)
    visit.answer = answer_in(answer)
    headers = [JSON, NO_STORE, (b"X-Request-Id", visit.wire_id.encode()), *visit.cors]
    await client.send(Reply(200, headers, answer))


def _rewriter(
    place: Route, head: Head, principal: Principal | None, operation: Operation
) -> AnswerRewriter | None:
    changes: Sequence[Change] = ()
    if place.authorization is not None:
        lists = place.authorization.lists(principal, head.method, operation.messages)
        changes = () if lists is None else (lists.change,)
    if place.own_tools is not None:
        changes = place.own_tools.changes(principal, head, operation, changes)
    return AnswerRewriter(changes) if changes else None


def _has_public_tools(route: Route, head: Head) -> bool:
    return route.own_tools is not None and route.own_tools.has_public and head.method == "POST"


def _missing_token() -> MissingToken:
    return MissingToken("This server needs an access token.")


def _newcomer(who: Presence, head: Head, visit: Visit) -> Newcomer:
    return Newcomer(who, head, visit.token, visit.began_at, visit.wire_id)


async def _introduce(route: Route, visit: Visit, body: bytes) -> Lines:
    call = Introduction(
        visit.principal,
        visit.token,
        visit.operation,
        body,
        visit.began_at,
        visit.http_method,
        None if visit.session is None else visit.session.upstream_id,
    )
    return await introduce(route.introducers, call)


async def _read(client: Client, route: Route) -> bytes:
    head = client.head
    if head.method == "POST":
        return await client.body(route.body)
    if head.has_body:
        raise InvalidRequest("Only a POST has a body here.", reason="bad_http")
    return b""
