"""The `endpoint` of a legacy event stream, sealed: MCP 2024-11-05, HTTP with SSE."""

import time
from collections.abc import Callable

from gateway.errors import UnknownSession
from gateway.identity.principal import Principal, owner_of
from gateway.sealing.seal import Binding, Seal

ENDPOINT_PARAMETER = "mcpgw_endpoint"
_PURPOSE = "legacy-sse-endpoint"


class LegacyEndpoints:
    """Where one server's callers post to; the server's own path travels sealed in the query.

    So no path becomes reachable that this server did not hand to this very principal.
    """

    def __init__(
        self,
        server: str,
        seal: Seal,
        lifetime_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._server = server
        self._seal = seal
        self._lifetime_s = lifetime_s
        self._clock = clock

    def query(self, target: str, principal: Principal | None) -> str:
        """The query that stands for `target`."""
        sealed = self._seal.close(target.encode(), self._binding(principal), self._clock())
        return f"{ENDPOINT_PARAMETER}={sealed}"

    def target(self, method: str, query: str, principal: Principal | None) -> bytes | None:
        """The target that a query stands for; None for a query that stands for none.

        Raises `UnknownSession` for what this server did not give to this principal, for what is
        older than a session may be, and for any method but POST.
        """
        name, _, sealed = query.partition("=")
        if name != ENDPOINT_PARAMETER:
            return None
        binding = self._binding(principal)
        opened = self._seal.open(sealed, binding, self._clock(), self._lifetime_s)
        if opened is None or method != "POST":
            raise UnknownSession("There is no such session.")
        return opened.value

    def _binding(self, principal: Principal | None) -> Binding:
        return Binding(_PURPOSE, self._server, owner_of(principal))
