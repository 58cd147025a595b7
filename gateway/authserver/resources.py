"""What tokens can be had for: the MCP servers behind this gateway that trust its issuer."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.authserver.clients.client import Client
from gateway.oauth.errors import InvalidTarget
from gateway.oauth.resource import canonical_resource


@dataclass(frozen=True, slots=True)
class ProtectedResource:
    """One MCP server: `resource` is the audience of its tokens, `url` what clients type.

    `default_scopes` are granted to who asks for none that can be, `grantable` are all there are.
    """

    name: str
    title: str
    resource: str
    url: str
    default_scopes: frozenset[str] = frozenset()
    grantable: frozenset[str] = frozenset()

    def narrow(self, asked: frozenset[str] | None, client: Client) -> frozenset[str]:
        """What is granted of what is asked for: RFC 6749 §3.3. None asks for the default."""
        offered = self.grantable | self.default_scopes
        if client.scopes is not None:
            offered &= client.scopes
        granted = (asked or frozenset()) & offered
        return granted or self.default_scopes & offered


class Resources:
    """All of them; `default` is the one that is meant when a client names none."""

    def __init__(self, resources: Sequence[ProtectedResource], default: str | None = None) -> None:
        self.all = tuple(resources)
        alone = resources[0] if len(resources) == 1 else None
        self._default = next((each for each in resources if each.name == default), alone)

    def find(self, named: Sequence[str]) -> ProtectedResource:
        """The one that is meant. Raises `InvalidTarget` when none or more than one is.

        Some clients name the origin instead of the server, or the same server twice.
        """
        found = {each.name: each for each in map(self._find_one, named)}
        if not named and self._default is not None:
            return self._default
        if len(found) != 1:
            raise InvalidTarget("Name one of the resources of this server.")
        return next(iter(found.values()))

    def title(self, name: str) -> str:
        """What people call a server; its name when it is gone from the configuration."""
        return next((each.title for each in self.all if each.name == name), name)

    def scopes(self) -> frozenset[str]:
        """What the metadata lists: what a login needs, not all there is."""
        return frozenset().union(*(each.default_scopes for each in self.all))

    def _find_one(self, named: str) -> ProtectedResource:
        meant = _plain(named)
        for each in self.all:
            if named == each.resource:
                return each
            if meant is not None and meant in (_plain(each.resource), _plain(each.url)):
                return each
        if self._default is not None and meant == _origin(self._default.url):
            return self._default
        raise InvalidTarget("The resource is none of this server's.", reason="unknown_resource")


def _plain(url: str) -> str | None:
    try:
        return canonical_resource(url).rstrip("/")
    except ValueError:
        return None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
