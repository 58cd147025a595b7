"""The responses of unknown length that are under way."""

from collections.abc import Callable

from gateway.identity.principal import Principal
from gateway.proxy.inbound.stream import Stream


class Streams(set[Stream]):
    """Every stream, so that what ends a verdict, or the gateway, can end them."""

    def end(self, concerns: Callable[[Principal], bool], reason: str) -> int:
        """End the streams of the principals that `concerns` picks; returns how many."""
        ended = [each for each in self if each.owner and concerns(each.owner)]
        for stream in ended:
            stream.end(reason)
        return len(ended)
