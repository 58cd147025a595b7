"""Which server is called, by whom not yet? 400, 403 for a foreign page, 405.

A connection repeats its heads, and what is found from a head alone is found once.
"""

from gateway.errors import MethodNotAllowed, MisdirectedRequest
from gateway.http.cors import MCP_METHODS, check_origin, preflight
from gateway.http.head import Head, forwarded_host, with_forwarded_host
from gateway.http.peer import Network, client_address, is_trusted
from gateway.proxy.gate.authenticate import parse_credentials
from gateway.proxy.gate.call import Call
from gateway.proxy.gate.client import Client
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.route import Application, Routes


class Matcher:
    """Finds the calls that heads make to the servers of one route table."""

    def __init__(self, routes: Routes, trusted_proxies: tuple[Network, ...]) -> None:
        self._routes = routes
        self._trusted_proxies = trusted_proxies

    def match(self, head: Head, record: RequestRecord) -> Call | None:
        """The call; None leaves the request to the control plane.

        Raises `ForeignOrigin`, `MethodNotAllowed`, and `MisplacedCredentials` for credentials in
        two places or in the query.
        """
        call: Call | None = head.facts.get(self)
        if call is None:
            call = self._read(head, record)
            if call is not None:
                head.facts[self] = call
        else:
            record.enter(call)
        return call

    async def find_application(
        self, received: Head, record: RequestRecord
    ) -> tuple[Head, Application]:
        """Find what answers a request that is for no server, and the head as it is believed.

        Raises `MisdirectedRequest`, `NotFound` and `MethodNotAllowed`.
        """
        head = self._believed(received)
        try:
            return head, await self._routes.find_application(head)
        except MisdirectedRequest:
            record.peer, record.forwarded_host = head.address, forwarded_host(head)
            raise

    def _believed(self, head: Head) -> Head:
        # With the Host that trusted proxies name.
        if self._trusted_proxies and is_trusted(head.address, self._trusted_proxies):
            return with_forwarded_host(head, self._routes.hosts)
        return head

    def _read(self, received: Head, record: RequestRecord) -> Call | None:
        head = self._believed(received)
        record.address = self._client_address(head)
        record.host, record.path = head.authority, head.path
        route = self._routes.match(head)
        if route is None:
            return None
        record.route = route
        route.live.metrics.in_flight += 1
        cors = record.cors = check_origin(head, route.settings.origins)
        if head.method == "OPTIONS":
            return Call(route, head, record.address, cors, None, None)
        # HEAD too: some clients ask by it whether a token is needed, and read the challenge.
        if head.method not in ("POST", "GET", "DELETE", "HEAD"):
            raise MethodNotAllowed("MCP uses POST, GET and DELETE.", allow=MCP_METHODS)
        credentials = parse_credentials(head)
        slot = None if credentials is None else route.authenticator.slot(credentials.token)
        return Call(route, head, record.address, cors, credentials, slot)

    def _client_address(self, head: Head) -> str:
        forwarded_for = head.headers.getall("X-Forwarded-For", ())
        return client_address(head.address, forwarded_for, self._trusted_proxies)


def answer_preflight(call: Call, client: Client, record: RequestRecord) -> None:
    """Tell a page what it may send."""
    record.status = 204
    client.reply(preflight(call.head, call.cors))
