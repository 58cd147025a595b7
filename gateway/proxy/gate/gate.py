"""The life of a request, on one screen.

Each stage is a file of its name. It gets what it needs and returns a value; to the record all may
write, and none reads there.
"""

import asyncio
import logging
from collections.abc import Callable

from gateway.errors import GatewayError
from gateway.http.head import ParsedHead
from gateway.proxy.gate.admit import admit
from gateway.proxy.gate.authenticate import authenticate, check_known
from gateway.proxy.gate.authorize import authorize
from gateway.proxy.gate.call import Answered, Asked, Call
from gateway.proxy.gate.check_parameters import check_parameters
from gateway.proxy.gate.client import Client
from gateway.proxy.gate.exchange import answer_own, check_again, exchange, find_session
from gateway.proxy.gate.match import Matcher, answer_preflight
from gateway.proxy.gate.parse_operation import note_refused_call, parse_operation, read_body
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.refuse import refuse, refuse_misread
from gateway.proxy.limits.caller import CallerAtAddress
from gateway.proxy.limits.limits import UnauthenticatedLimits

logger = logging.getLogger(__name__)


class Gate:
    """Takes every request of the public listener.

    `record` is told of each request once, after its end.
    """

    def __init__(
        self,
        matcher: Matcher,
        record: Callable[[RequestRecord], None],
        unauthenticated: UnauthenticatedLimits | None = None,
    ) -> None:
        self.in_flight = 0
        self._drained: asyncio.Future[None] | None = None
        self.matcher = matcher
        self._record = record
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

    def misread(self, parsed: ParsedHead, error: GatewayError) -> bytes:
        """Answer a head that cannot be believed; nothing about its connection can be, either."""
        record, answer = refuse_misread(parsed, error)
        self._record(record)
        return answer

    async def drained(self) -> None:
        """Wait until no request is under way."""
        if self.in_flight:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    async def _serve(self, client: Client, record: RequestRecord) -> None:
        call = self.matcher.match(client.head, record)  # 400 403 405
        if call is None:
            head, application = await self.matcher.find_application(client.head, record)  # 404 421
            await client.hand_over(head, application, record)
        elif call.head.method == "OPTIONS":
            answer_preflight(call, client, record)
        else:
            answered = await self._decide(client, call, record)
            if answered is not None:
                await client.deliver(answered, record, self._finish)

    async def _decide(self, client: Client, call: Call, record: RequestRecord) -> Answered | None:
        """Let a call through to its server, or not; None when the gateway has answered it."""
        route, head = call.route, call.head
        principal = await authenticate(call, record, self._unauthenticated)  # 400 401 429 503
        record.principal, caller = principal, CallerAtAddress(principal, call.address)
        try:
            admit(call, principal)  # 403 503
            using = record.using = route.live.limits.enter(*caller, head.method)  # 429 503
        except GatewayError:
            if principal is not None:
                await note_refused_call(client, record)
            raise
        body = await read_body(client, route.settings.body)  # 400 408 413
        record.bytes_in = len(body)
        operation = parse_operation(head, body, record)  # 400 405 415
        if operation.listens:
            using.listen()  # 429 503
        asked = Asked(call, caller, operation, body)
        own = route.own_tools
        is_own = own is not None and await own.are_called(head, operation.messages)  # 400
        check_known(asked, self._unauthenticated, is_own=is_own)  # 401
        session = record.session = find_session(asked)  # 404
        named = None if session is None else session.name
        await route.live.limits.spend(*caller, named, operation.messages)  # 429
        if own is not None and is_own:
            check_again(asked)  # 401
            await answer_own(own, asked, client, record)  # 401
            return None
        if (rules := route.authorization) is not None:
            await authorize(rules, principal, operation.messages, record)  # 401 403 503
        await check_parameters(route.catalogue, head, operation)  # 400
        return await exchange(asked, session, client.trace, record)  # 401 404 502 503 504

    def _finish(self, record: RequestRecord) -> None:
        """Count the request no more, and tell of it: once, when all of its answer is out."""
        if record.using is not None:
            record.using.end()
        if record.route is not None:
            record.route.live.metrics.in_flight -= 1
        self.in_flight -= 1
        if self.in_flight == 0 and self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._record(record)
