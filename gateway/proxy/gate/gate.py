"""The life of a request, on one screen."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from gateway.config.own_tools import DECIDED_BY
from gateway.errors import (
    GatewayError,
    InvalidToken,
    MalformedHttp,
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
from gateway.http.trace_fields import parse_trace, trace_fields
from gateway.identity.principal import Principal
from gateway.mcp.answer import answer_in
from gateway.mcp.operation import Operation
from gateway.mcp.revisions import mirrors_headers
from gateway.proxy.answers.answer_rewriter import AnswerRewriter, Change, rewrite_body
from gateway.proxy.gate.admit import admit
from gateway.proxy.gate.authenticate import authenticate, missing_token, parse_credentials
from gateway.proxy.gate.authorize import authorize
from gateway.proxy.gate.call import Call
from gateway.proxy.gate.check_parameters import check_parameters
from gateway.proxy.gate.client import Client
from gateway.proxy.gate.own_tools import OwnTools
from gateway.proxy.gate.parse_operation import parse_operation
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.refuse import refuse
from gateway.proxy.gate.refused_call import note_refused_call
from gateway.proxy.gate.route import Route, Routes
from gateway.proxy.limits.caller import CallerAtAddress
from gateway.proxy.limits.limits import UnauthenticatedLimits, Using
from gateway.proxy.outgoing.header_source import OutgoingCall, collect_lines
from gateway.proxy.sessions.login_in_session import LoginInSession
from gateway.proxy.upstream.forward import Delivery, RequestContext

logger = logging.getLogger(__name__)


class Gate:
    """Takes every request of the public listener.

    `record` is told of each request once, after its end.
    """

    def __init__(
        self,
        routes: Routes,
        record: Callable[[RequestRecord], None],
        trusted_proxies: tuple[Network, ...] = (),
        unauthenticated: UnauthenticatedLimits | None = None,
    ) -> None:
        self.in_flight = 0
        self._drained: asyncio.Future[None] | None = None
        self._routes = routes
        self._record = record
        self._trusted_proxies = trusted_proxies
        self._unauthenticated = unauthenticated or UnauthenticatedLimits(None)

    async def handle(self, client: Client) -> None:
        """Serve one request; every outcome is answered and recorded here."""
        record = RequestRecord(client.head.method, client.trace)
        self.in_flight += 1
        try:
            await self._serve(client, record)
        except GatewayError as error:
            refuse(client, record, error)
        except asyncio.CancelledError:
            record.leave(has_stalled=client.has_stalled)
            raise
        except Exception:
            logger.exception("unexpected failure", extra={"request_id": record.request_id})
            failure = GatewayError("The gateway failed. Tell its operator the request id.")
            refuse(client, record, failure)
        finally:
            if not record.streamed:
                self._finish(record)

    def _finish(self, record: RequestRecord) -> None:
        """Count the request no more, and tell of it: once, when all of its answer is out."""
        if record.using is not None:
            record.using.end()
        if record.route is not None:
            record.route.metrics.in_flight -= 1
        self._leave()
        self._record(record)

    def misread(self, parsed: ParsedHead, error: GatewayError) -> bytes:
        """Answer a head that cannot be believed; nothing about its connection can be, either."""
        sent = {name.lower(): value.decode("latin-1") for name, value in parsed.raw_headers}
        record = RequestRecord(parsed.method, parse_trace(trace_fields(parsed.raw_headers)))
        record.address, record.host = parsed.address, sent.get(b"host", "")
        record.path = parsed.target.partition("?")[0]
        record.reason, record.status = error.reason, error.status
        self._record(record)
        headers = [(b"X-Request-Id", record.wire_id.encode())]
        reply = error_reply(error, request_id=record.request_id, headers=headers)
        return reply_bytes(reply, keep_alive=False, bodiless=parsed.method == "HEAD")

    async def _serve(self, client: Client, record: RequestRecord) -> None:
        call: Call | None = client.head.facts.get(self._routes)
        if call is None:
            call = await self._read_call(client, record)
            if call is None:
                return
            client.head.facts[self._routes] = call
        else:
            record.enter(call)
        record.principal = await self._authenticate(call, record)
        try:
            if record.principal is not None:
                admit(call, record.principal)
            limits = call.route.limits
            record.using = limits.enter(record.principal, call.address, call.head.method)
            await self._proxy(client, call, record, record.using)
        except GatewayError:
            if record.principal is not None and not record.body_begun:
                await note_refused_call(client, record)
            raise

    async def _read_call(self, client: Client, record: RequestRecord) -> Call | None:
        """Find the server that is called; None when the request is answered already.

        Raises `MisdirectedRequest`, `NotFound`, `ForeignOrigin`, `MethodNotAllowed`, and
        `MisplacedCredentials` for credentials in two places or in the query.
        """
        head = client.head
        record.address = self._client_address(head)
        if self._trusted_proxies and is_trusted(head.address, self._trusted_proxies):
            head = with_forwarded_host(head, self._routes.hosts)
        record.host, record.path = head.authority, head.path
        route = self._routes.match(head)
        if route is None:
            await self._hand_over(client, head, record)
            return None
        record.route = route
        route.metrics.in_flight += 1
        record.cors = check_origin(head, route.origins)
        if head.method == "OPTIONS":
            record.status = 204
            client.reply(preflight(head, record.cors))
            return None
        check_method(head)
        credentials = parse_credentials(head)
        return Call(
            route,
            head,
            record.address,
            record.cors,
            credentials,
            None if credentials is None else route.authenticator.slot(credentials.token),
        )

    async def _authenticate(self, call: Call, record: RequestRecord) -> Principal | None:
        try:
            return await authenticate(call, record, self._unauthenticated)
        except (MissingToken, InvalidToken):
            self._unauthenticated.failed(record.address)
            raise

    async def _proxy(self, client: Client, call: Call, record: RequestRecord, using: Using) -> None:
        record.body_begun = True
        head, route = call.head, call.route
        body = await _read(client, route)
        record.bytes_in = len(body)
        record.operation = parse_operation(head, body, record)
        messages = record.operation.messages
        if record.operation.listens:
            using.listen()
        own = route.own_tools
        is_own = own is not None and await own.are_called(head, messages)
        if record.principal is None and not (route.anonymous or is_own):
            raise self._refused_stranger(record)
        caller = CallerAtAddress(record.principal, record.address)
        rehandshake = route.rehandshake
        is_new = rehandshake is not None and route.sessions.is_strangers(head, caller, messages)
        record.session = None if is_new else route.sessions.find(head, caller, messages)
        session = None if record.session is None else record.session.name
        await route.limits.spend(record.principal, record.address, session, messages)
        if own is not None and is_own:
            _check_again(call, record)
            await _answer_own(client, own, record, body)
            return
        await _decide(route, head, record.operation, record)
        context = _context_of(client, call, record)
        if rehandshake is not None and is_new:
            record.session = await rehandshake.begin(
                _login_in_session(caller, head, context, record)
            )
        own_lines = await _own_lines(route, record, body)
        started = time.perf_counter()
        try:
            delivery = await route.forwarder.send(head, record.principal, body, context, own_lines)
        finally:
            record.upstream_s = time.perf_counter() - started
        delivery = route.sessions.seal_answer(delivery, record.session, caller, head, messages)
        if rehandshake is not None and record.principal is None:
            rehandshake.remember(delivery, messages, body)
        if record.rewriter is not None:
            delivery = await rewrite_body(delivery, record.rewriter)
        if delivery.response.body is None:
            _check_stream(route, record, delivery)
        await client.deliver(route, delivery, record, self._finish)

    def _refused_stranger(self, record: RequestRecord) -> MissingToken:
        self._unauthenticated.failed(record.address)
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

    async def _hand_over(self, client: Client, head: Head, record: RequestRecord) -> None:
        try:
            application = await self._routes.find_application(head)
        except MisdirectedRequest:
            record.peer, record.forwarded_host = head.address, forwarded_host(head)
            raise
        await client.hand_over(head, application, record)

    def _client_address(self, head: Head) -> str:
        forwarded_for = head.headers.getall("X-Forwarded-For", ())
        return client_address(head.address, forwarded_for, self._trusted_proxies)


def _check_again(call: Call, record: RequestRecord) -> None:
    """Raise `InvalidToken` for a token that has expired, or was revoked, since it was accepted."""
    if record.principal is not None and call.slot is not None:
        call.route.authenticator.check_again(record.principal, time.time(), call.slot)


def _context_of(client: Client, call: Call, record: RequestRecord) -> RequestContext:
    check = partial(_check_again, call, record)
    return RequestContext(record.wire_id, record.address, client.trace.passed_on, check)


def _check_stream(route: Route, record: RequestRecord, delivery: Delivery) -> None:
    # What was revoked while the server thought has ended the streams that were open then.
    try:
        if record.principal is not None:
            route.authenticator.check_revoked(record.principal, time.time())
    except GatewayError:
        delivery.response.close()
        raise


def check_method(head: Head) -> None:
    """Raise `MethodNotAllowed` for what MCP does not use."""
    if head.method not in ("POST", "GET", "DELETE"):
        raise MethodNotAllowed("MCP uses POST, GET and DELETE.", allow=MCP_METHODS)


async def _decide(route: Route, head: Head, operation: Operation, record: RequestRecord) -> None:
    """Put the call to the rules, and find out what of its answer the caller may see."""
    if route.authorization is not None:
        await authorize(route.authorization, record.principal, operation.messages, record)
    if mirrors_headers(operation.revision):
        await check_parameters(route.catalogue, head, operation)
    if route.rewrites:
        record.rewriter = _rewriter(route, head, record.principal, operation)


async def _answer_own(client: Client, own: OwnTools, record: RequestRecord, body: bytes) -> None:
    """Answer a call of the gateway's own tools; the upstream hears nothing of it."""
    assert record.operation is not None  # noqa: S101  # it was read to come here
    record.rule = DECIDED_BY
    batch = body.lstrip()[:1] == b"["
    answer = await own.answer(record, record.operation, time.time(), batch=batch)
    record.status, record.bytes_out = 200, len(answer)
    record.answer = answer_in(answer)
    headers = [JSON, NO_STORE, (b"X-Request-Id", record.wire_id.encode()), *record.cors]
    await client.send(Reply(200, headers, answer))


def _rewriter(
    route: Route, head: Head, principal: Principal | None, operation: Operation
) -> AnswerRewriter | None:
    changes: Sequence[Change] = ()
    if route.authorization is not None:
        lists = route.authorization.lists(principal, head.method, operation.messages)
        changes = () if lists is None else (lists.change,)
    if route.own_tools is not None:
        changes = route.own_tools.changes(principal, head, operation, changes)
    return AnswerRewriter(changes) if changes else None


def _login_in_session(
    caller: CallerAtAddress, head: Head, context: RequestContext, record: RequestRecord
) -> LoginInSession:
    return LoginInSession(caller, head, record.token, record.began_at, context._replace(check=None))


async def _own_lines(route: Route, record: RequestRecord, body: bytes) -> Lines:
    """The header lines of this call alone: its session and what the header sources say."""
    session = record.session.line if record.session is not None else NO_LINES
    if not route.header_sources:
        return session
    call = OutgoingCall(
        record.principal,
        record.token,
        record.operation,
        body,
        record.began_at,
        record.http_method,
        None if record.session is None else record.session.upstream_id,
    )
    return join_lines([session, await collect_lines(route.header_sources, call)])


async def _read(client: Client, route: Route) -> bytes:
    head = client.head
    if head.method == "POST":
        return await client.body(route.body)
    if head.has_body:
        raise MalformedHttp("Only a POST has a body here.")
    return b""
