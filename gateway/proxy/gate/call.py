"""What follows from the head of a request and the configuration alone."""

from collections.abc import Sequence

import msgspec

from gateway.http.head import Head
from gateway.http.message_head import Field
from gateway.identity.verdict.slot import VerdictSlot
from gateway.oauth.bearer import Credentials
from gateway.proxy.gate.route import Route


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
