"""What clients bring to the grants of an authorization server, without HTTP in between."""

import base64
import json
from dataclasses import replace

from gateway.authserver.clients.client import Client
from gateway.authserver.flows.flow import Flow
from gateway.authserver.flows.flow_values import new_flow_id
from gateway.authserver.grants.codes import CodeExchange
from gateway.authserver.grants.grants import GrantParts, Grants, build_grants
from gateway.authserver.grants.refresh_tokens import RefreshRequest
from gateway.authserver.login.login_method import Person
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.identity.keys.local_issuer import LocalIssuer
from gateway.store.memory import MemoryStore
from gateway.store.unavailable import StoreUnavailable
from tests.support.authorization_server import Site
from tests.support.login_pages import REDIRECT_URI, Challenge, OAuthClient, PersonsBrowser

CHALLENGE = Challenge()
DESK = Client("desk", "registered", (REDIRECT_URI,), "Desk")
OTHER = Client("other", "registered", (REDIRECT_URI,), "Other")
ADA = Person("ada", "Ada", "ada@example.com", ("dev",))
BOTH = frozenset({"mcp:read", "mcp:write"})


class UnreachableStore(MemoryStore):
    """A store that neither keeps nor tells anything once a test says that it is away."""

    is_away = False

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        self._answer()
        return await super().add(kind, key, value, expires_at)

    async def get(self, kind: str, key: str) -> bytes | None:
        self._answer()
        return await super().get(kind, key)

    def _answer(self) -> None:
        if self.is_away:
            raise StoreUnavailable("away")


def claims_of(token: object) -> dict[str, object]:
    """What an access token says, unverified."""
    payload = str(token).split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "==")))


def header_of(token: object) -> dict[str, object]:
    """The JOSE header of an access token."""
    return dict(json.loads(base64.urlsafe_b64decode(str(token).split(".")[0] + "==")))


def replica_of(site: Site, settings: Settings | None = None) -> Grants:
    """The grants of a second process with the same keys and the same store."""

    async def void(family_id: str, now: float) -> None:
        site.voided.append(family_id)

    return build_grants(settings or Settings(), parts_of(site, site.server.grants.signer, void))


def parts_of(site: Site, signer: LocalIssuer, void: object) -> GrantParts:
    """What a site's grants stand on, with another signer or another way to void tokens."""
    server = site.server
    return GrantParts(
        signer,
        server.sealed,
        site.store,
        void,  # type: ignore[arg-type]  # as the test says
        f"{site.issuer}/token",
        site.clock.clocks,
    )


def flow_of(site: Site, **changes: object) -> Flow:
    """A flow of the desk's whose person consented."""
    flow = Flow(
        flow_id=new_flow_id(),
        client=DESK.to_travel(),
        redirect_uri=REDIRECT_URI,
        resource=f"{site.issuer}/mcp",
        server="mcp",
        scopes=BOTH,
        code_challenge=CHALLENGE.value,
        browser="b" * 22,
    )
    return replace(flow, **changes)  # type: ignore[arg-type]  # as the test says


def code_of(site: Site, **changes: object) -> str:
    """A code that Ada's login ended with just now."""
    return site.server.grants.codes.issue(flow_of(site, **changes), ADA, site.clock.wall)


def exchange_of(code: str, **changes: object) -> CodeExchange:
    """What the desk brings to redeem a code."""
    asked = CodeExchange(code, DESK, REDIRECT_URI, CHALLENGE.verifier, None, None)
    return replace(asked, **changes)  # type: ignore[arg-type]  # as the test says


async def redeem(site: Site, code: str, **changes: object) -> dict[str, object]:
    """Redeem a code at a site."""
    return await site.server.grants.codes.exchange(exchange_of(code, **changes), site.clock.wall)


async def refresh(
    site: Site, token: object, grants: Grants | None = None, **changes: object
) -> dict[str, object]:
    """Redeem a refresh token at a site, or at a replica of it."""
    asked = replace(
        RefreshRequest(str(token), DESK, None, None, None),
        **changes,  # type: ignore[arg-type]  # as the test says
    )
    refresh_tokens = (grants or site.server.grants).refresh_tokens
    return await refresh_tokens.refresh(asked, site.server.login, site.clock.wall)


async def logged_in(
    client: OAuthClient, browser: PersonsBrowser, **changes: str
) -> tuple[str, dict[str, object]]:
    """The code of a login in a browser, and the answer that it was redeemed for."""
    page = await browser.log_in(client.authorize_url(**changes))
    code = page.answer["code"]
    status, answer = await client.exchange(code)
    assert status == 200, answer
    return code, answer
