"""A request to an MCP server: as its head tells it, as all of it does, and with its answer."""

from collections.abc import Sequence

import msgspec

from gateway.http.head import Head
from gateway.http.message_head import Field
from gateway.identity.principal import Principal
from gateway.identity.verdict.slot import VerdictSlot
from gateway.mcp.operation import Operation
from gateway.oauth.bearer import Credentials
from gateway.proxy.answers.answer_rewriter import AnswerRewriter
from gateway.proxy.gate.route import Route
from gateway.proxy.limits.caller import CallerAtAddress
from gateway.proxy.upstream.response import Delivery


class Call(msgspec.Struct, frozen=True, eq=False):
    """A request to an MCP server, as far as its head tells; the same each time it is repeated.

    `address` is the client's, past trusted proxies, and `head` has the Host that they name;
    `cors` lets an allowed page read the answer. `credentials` is None where the request carries
    none, and then so is `slot`, where their verdict is kept.
    """

    route: Route
    head: Head
    address: str
    cors: Sequence[Field]
    credentials: Credentials | None
    slot: VerdictSlot | None

    @property
    def token(self) -> str | None:
        """The token that was presented, None without one."""
        return None if self.credentials is None else self.credentials.token


class Asked(msgspec.Struct, frozen=True, eq=False):
    """Who asks for what: `operation` is what the body says, which goes on as it came."""

    call: Call
    caller: CallerAtAddress
    operation: Operation
    body: bytes

    @property
    def principal(self) -> Principal | None:
        """Who asks, None without a token."""
        return self.caller.principal

    @property
    def token(self) -> str | None:
        """The token that was presented, None without one."""
        return self.call.token


class Answered(msgspec.Struct, frozen=True, eq=False):
    """The answer of the server to `asked`; `rewriter` changes the events of a stream."""

    asked: Asked
    delivery: Delivery
    rewriter: AnswerRewriter | None
