"""How an answer gets back to the client: RFC 6749 §4.1.2, RFC 9207 §2."""

from dataclasses import dataclass

from gateway.authserver.answers import code_of
from gateway.authserver.clients.client import Client
from gateway.errors import GatewayError
from gateway.oauth.redirect_uri import add_to_query, is_loopback_redirect


@dataclass(frozen=True, slots=True)
class WayBack:
    """A redirect URI that was found to be the client's, and the state that goes with it."""

    client: Client
    redirect_uri: str
    state: str | None
    issuer: str

    def success(self, code: str) -> str:
        """The URL that carries a code."""
        return self._url(("code", code))

    def failure(self, error: GatewayError) -> str:
        """The URL that carries an error, in fixed words."""
        return self._url(("error", code_of(error)), ("error_description", error.description))

    @property
    def is_trusted(self) -> bool:
        """Whether a browser may be sent there although no person did anything.

        Anybody can register a client, or host a document about one, whose errors lead anywhere:
        RFC 9700 §4.11.2.
        """
        return self.client.kind == "configured" or is_loopback_redirect(self.redirect_uri)

    def _url(self, *parameters: tuple[str, str]) -> str:
        named = (*parameters, ("state", self.state), ("iss", self.issuer))
        return add_to_query(self.redirect_uri, named)
