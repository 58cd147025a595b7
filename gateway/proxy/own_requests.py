"""What the gateway itself asks of a server, without a caller."""

from collections.abc import Mapping, Sequence

import msgspec

from gateway.errors import GatewayError, UpstreamInvalid
from gateway.proxy.exchange import UpstreamResponse
from gateway.proxy.introduction import Introducer, Introduction, introduce
from gateway.proxy.target import Target
from gateway.proxy.upstream import UpstreamPool


class OwnRequests:
    """Sends requests of the gateway's own to one server, with its own credential."""

    def __init__(
        self, pool: UpstreamPool, target: Target, introducers: Sequence[Introducer]
    ) -> None:
        self._pool = pool
        self._target = target
        self._introducers = introducers

    async def send(
        self, method: str, message: object, headers: Mapping[str, str]
    ) -> UpstreamResponse:
        """Send a message, or None for no body, and wait for the head of the answer.

        Raises `UpstreamError`, also for a server that wants a credential of the caller's.
        """
        body = b"" if message is None else msgspec.json.encode(message)
        call = Introduction(None, None, None, body, 0.0)
        try:
            own = await introduce(self._introducers, call)
        except GatewayError as error:
            raise UpstreamInvalid("The MCP server cannot be asked without a caller.") from error
        lines = {
            "Host": self._target.authority,
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Content-Length": str(len(body)),
            **headers,
        }
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        start = f"{method} {self._target.path} HTTP/1.1\r\n"
        return await self._pool.send((start + text).encode() + own + b"\r\n", body)

    async def end_session(self, upstream_id: bytes) -> None:
        """Tell the server that a session is over; a server that does not hear it ends it alone."""
        try:
            response = await self.send("DELETE", None, {"Mcp-Session-Id": upstream_id.decode()})
        except GatewayError:
            return
        response.close()
