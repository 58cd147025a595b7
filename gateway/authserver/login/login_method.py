"""How a person shows who they are: the one interface of local accounts and of providers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from gateway.authserver.flow import Flow


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
    claims: Mapping[str, object] = field(default_factory=dict, hash=False)
    login: str | None = None


class LoginMethod(Protocol):
    """One way to log in. It runs after the person consented in the same browser."""

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

        Raises `AccessDenied` when the person may not log in, and `TemporarilyUnavailable`.
        """
        ...

    async def renew(self, person: Person, now: float) -> Person:
        """The person as they are now, at a refresh. Raises `InvalidGrant` when they are gone."""
        ...
