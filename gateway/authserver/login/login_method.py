"""How a person shows who they are: the one interface of local accounts and of providers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from gateway.authserver.flows.flow import Flow
from gateway.authserver.sealed_values import SealedValues
from gateway.authserver.steps import Steps
from gateway.oauth.errors import InvalidGrant
from gateway.pages.brand import UNBRANDED, Brand
from gateway.resilience.clocks import Clocks


@dataclass(frozen=True, slots=True)
class Person:
    """Who logged in; `claims` are further claims of the access token.

    `login` is what the method must remember to ask again about this person, sealed into the
    refresh token and never shown: None where there is nothing to ask.
    """

    subject: str
    name: str | None = None
    email: str | None = None
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    claims: Mapping[str, object] = field(default_factory=dict, hash=False)
    login: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class LoginSite:
    """What every method needs of the server: where forms go, where providers send people back to.

    `title_of` is what people call an MCP server.
    """

    login_url: str
    callback_url: str
    title_of: Callable[[str], str]
    steps: Steps
    clocks: Clocks = field(default_factory=Clocks)
    brand: Brand = UNBRANDED


class LoginEnded(InvalidGrant):
    """Nothing brings this login back: its access tokens end, too, and the person logs in again."""


class AssertionVerifier(Protocol):
    """What knows a provider's assertions about people."""

    async def verify(self, assertion: str, now: float) -> tuple[Person, dict[str, object]] | None:
        """The person and the claims; None for what another issuer made.

        Raises `InvalidToken` and `IdentityUnavailable`.
        """
        ...


class LoginMethod(Protocol):
    """One way to log in. It runs after the person consented in the same browser."""

    @property
    def asks_each_time(self) -> bool:
        """Whether nobody gets through without doing something, such as typing a password."""
        ...

    @property
    def assertions(self) -> AssertionVerifier | None:
        """What verifies assertions of the provider, None where none are taken."""
        ...

    async def begin(self, flow: Flow, sealed: str) -> web.StreamResponse:
        """Show the page, or redirect to the place, where the person logs in.

        `sealed` is the flow as it travels; it must come back with the request of `finish`.
        """
        ...

    async def sealed_flow(self, request: web.Request) -> str:
        """The flow that came back with a request to finish; empty when there is none."""
        ...

    async def finish(self, request: web.Request, flow: Flow) -> Person | web.StreamResponse:
        """Say who it was, or answer with a page to try again.

        Raises `AccessDenied` when the person may not log in, and `IdentityUnavailable`.
        """
        ...

    def forget(self, request: web.Request, response: web.StreamResponse) -> None:
        """Leave nothing of a flow in the browser, however it ended."""
        ...

    async def renew(self, person: Person, logged_in_at: float) -> Person:
        """The person as they are now, at a refresh.

        Raises `InvalidGrant` when they may not use this login now, `LoginEnded` when they never
        may again, and `IdentityUnavailable` while nobody can say.
        """
        ...


# Builds the method once there is a server to build it for.
LoginBuilder = Callable[[LoginSite, SealedValues], LoginMethod]
