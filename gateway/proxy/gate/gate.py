"""The life of a request, on one screen."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from gateway.config.own_tools import DECIDED_BY
from gateway.errors import (
    GatewayError,
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
    with_forwarded_host,
)
from gateway.http.message_head import NO_LINES, Lines, join_lines
from gateway.http.peer import Network, client_address, is_trusted
from gateway.http.reply import JSON, NO_STORE, Reply, error_reply, reply_bytes
from gateway.identity.principal import Principal
from gateway.mcp.answer import answer_in
from gateway.mcp.operation import Operation
from gateway.mcp.revisions import mirrors_headers
from gateway.proxy.answers.answer_rewriter import AnswerRewriter, Change, rewrite_body
from gateway.proxy.gate.admit import admit
from gateway.proxy.gate.authenticate import authenticate, missing_token, read_credentials
from gateway.proxy.gate.authorize import authorize
from gateway.proxy.gate.call import Call
from gateway.proxy.gate.check_parameters import check_parameters
from gateway.proxy.gate.client import Client
from gateway.proxy.gate.own_tools import OwnTools
from gateway.proxy.gate.parse_operation import read_operation
from gateway.proxy.gate.refuse import refuse
from gateway.proxy.gate.refused_call import note_refused_call
from gateway.proxy.gate.route import Answer, Receiver, Route, Routes
from gateway.proxy.gate.visit import Visit, harmless_request_id
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
        visit = Visit(client.head.method)
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
        visit = Visit(parsed.method)
        visit.sent_request_id = harmless_request_id(sent.get(b"x-request-id"))
        visit.address, visit.host = parsed.address, sent.get(b"host", "")
        visit.path = parsed.target.partition("?")[0]
        visit.reason, visit.status = error.reason, error.status
        self._record(visit)
        headers = [(b"X-Request-Id", visit.wire_id.encode())]
        reply = error_reply(error, request_id=visit.request_id, headers=headers)
        return reply_bytes(reply, keep_alive=False, bodiless=parsed.method == "HEAD")

    async def _serve(self, client: Client, visit: Visit) -> None:
        call: Call | None = client.head.facts.get(self._routes)
        if call is None:
            call = await self._read_call(client, visit)
            if call is None:
                return
            client.head.facts[self._routes] = call
        else:
            visit.enter(call)
        visit.principal = await self._authenticate(call, visit)
        try:
            if visit.principal is not None:
                admit(call, visit.principal)
            with call.route.limits.use(visit.principal, call.address, call.head.method) as using:
                await self._proxy(client, call, visit, using)
        except GatewayError:
            if visit.principal is not None and not visit.body_begun:
                await note_refused_call(client, visit)
            raise

    async def _read_call(self, client: Client, visit: Visit) -> Call | None:
        """Find the server that is called; None when the request is answered already.

        Raises `MisdirectedRequest`, `NotFound`, `ForeignOrigin`, `MethodNotAllowed`, and
        `InvalidRequest` for credentials in two places or in the query.
        """
        head = client.head
        visit.sent_request_id = harmless_request_id(head.headers.get("X-Request-Id"))
        visit.address = self._client_address(head)
        if self._trusted_proxies and is_trusted(head.address, self._trusted_proxies):
            head = with_forwarded_host(head, self._routes.sites)
        visit.host, visit.path = head.authority, head.path
        place = self._find(head, visit)
        if not isinstance(place, Route):
            reply = await _answer(client, place)
            visit.status = reply.status
            await client.send(reply)
            return None
        visit.route = place
        visit.traceparent = head.headers.get("Traceparent", "")
        place.metrics.in_flight += 1
        visit.cors = check_origin(head, place.origins)
        if head.method == "OPTIONS":
            visit.status = 204
            client.reply(preflight(head, visit.cors))
            return None
        check_method(head)
        credentials = read_credentials(head)
        return Call(
            place,
            head,
            visit.address,
            visit.cors,
            visit.traceparent,
            visit.sent_request_id,
            credentials,
            None if credentials is None else place.authenticator.slot(credentials.token),
        )

    async def _authenticate(self, call: Call, visit: Visit) -> Principal | None:
        try:
            return await authenticate(call, visit, self._strangers)
        except (MissingToken, InvalidToken):
            self._strangers.failed(visit.address)
            raise

    async def _proxy(self, client: Client, call: Call, visit: Visit, using: Using) -> None:
        visit.body_begun = True
        head, place = call.head, call.route
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
            _check_again(call, visit)
            await _answer_own(client, own, visit, body)
            return
        await _decide(place, head, visit.operation, visit)
        way = Way(visit.wire_id, visit.address, partial(_check_again, call, visit))
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
        return missing_token()

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


def _check_again(call: Call, visit: Visit) -> None:
    """Raise `InvalidToken` for a token that has expired, or was revoked, since it was accepted."""
    if visit.principal is not None and call.slot is not None:
        call.route.authenticator.check_again(visit.principal, time.time(), call.slot)


def _check_stream(route: Route, visit: Visit, delivery: Delivery) -> None:
    # What was revoked while the server thought has ended the streams that were open then.
    try:
        if visit.principal is not None:
            route.authenticator.check_revoked(visit.principal, time.time())
    except GatewayError:
        delivery.response.close()
        raise


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


async def _decide(place: Route, head: Head, operation: Operation, visit: Visit) -> None:
    """Put the call to the rules, and find out what of its answer the caller may see."""
    if place.authorization is not None:
        await authorize(place.authorization, visit.principal, operation.messages, visit)
    if mirrors_headers(operation.revision):
        await check_parameters(place.catalogue, head, operation)
    if place.rewrites:
        visit.rewriter = _rewriter(place, head, visit.principal, operation)


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
