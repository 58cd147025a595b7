"""A request that knows whether another may follow it on its connection."""

from dataclasses import dataclass
from typing import Any

from aiohttp import StreamReader
from aiohttp.http import RawRequestMessage
from aiohttp.web import BaseRequest, RequestHandler


@dataclass(slots=True)
class Drain:
    """The end of a listener: once it `has_begun`, every answer is the last of its connection."""

    has_begun: bool = False


class ClientRequest(BaseRequest):
    """What the gate gets of a client."""

    def __init__(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        *,
        drain: Drain,
        **rest: Any,
    ) -> None:
        super().__init__(message, payload, protocol, **rest)
        self._drain = drain

    @property
    def keep_alive(self) -> bool:  # not kept: a drain may begin while the request is served
        """False when the client, the parser or the end of the gateway closes the connection."""
        message = self._message
        # Behind an Upgrade or a CONNECT the parser stops, and aiohttp drops what else it was fed:
        # what comes next would be read from its middle, as a request that nobody sent.
        return not (message.should_close or message.upgrade or self._drain.has_begun)
