"""Authorization codes: short-lived, sealed, and good for one exchange: RFC 6749 §4.1.2, §4.1.3."""

import secrets
from dataclasses import dataclass, replace

from gateway.authserver.clients.client import Client
from gateway.authserver.flows.flow import Flow
from gateway.authserver.grants.families import Families, Family
from gateway.authserver.grants.refresh_tokens import RefreshTokens
from gateway.authserver.grants.tokens import Made, Tokens
from gateway.authserver.login.login_method import Person
from gateway.authserver.sealed_values import Life, SealedValues
from gateway.oauth.errors import InvalidClient, InvalidGrant, InvalidTarget
from gateway.oauth.pkce import check_code_verifier
from gateway.store.store import Store

LIFETIME_S = 60.0
USED = "used-code"
PURPOSE = "authorization code"
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Code:
    """What one says; the client is the owner of the seal."""

    code_id: str
    family: Family
    redirect_uri: str
    code_challenge: str
    grant_types: frozenset[str]
    auth_method: str


@dataclass(frozen=True, slots=True)
class CodeExchange:
    """What a client brings; `resource` is None where it names none."""

    code: str
    client: Client
    redirect_uri: str | None
    code_verifier: str | None
    resource: str | None
    dpop_key: str | None


class Codes:
    """Issues codes, and exchanges each once."""

    def __init__(
        self,
        sealed: SealedValues,
        store: Store,
        families: Families,
        tokens: Tokens,
        refresh_tokens: RefreshTokens,
    ) -> None:
        self._sealed = sealed
        self._store = store
        self._families = families
        self._tokens = tokens
        self._refresh_tokens = refresh_tokens

    def issue(self, flow: Flow, person: Person, now: float) -> str:
        """The code that ends a login."""
        # The family's id is the flow's: whoever finishes a flow twice has one family, not two.
        family = Family(
            flow.flow_id,
            person,
            flow.resource,
            flow.scopes,
            now,
            flow.dpop_key,
            self._families.ends_at(now),
        )
        client = flow.client
        code = Code(
            secrets.token_urlsafe(_ID_BYTES),
            family,
            flow.redirect_uri,
            flow.code_challenge,
            client.grant_types,
            client.auth_method,
        )
        return self._sealed.close(code, PURPOSE, (client.client_id,), now)

    def open(self, text: str, client_id: str, now: float) -> Code:
        """What a code says. Raises `InvalidGrant` when it is forged, over or another client's."""
        code = self._sealed.open(text, Code, (PURPOSE, (client_id,)), Life(now, LIFETIME_S))
        if code is None:
            raise InvalidGrant("The code is not valid.", reason="code_unknown")
        return code

    async def exchange(self, asked: CodeExchange, now: float) -> dict[str, object]:
        """Answer with tokens. Raises `InvalidGrant`, `InvalidTarget` and `StoreUnavailable`.

        Everything is checked before the code is used up, so that a mistake can be mended, and
        so that only who could have used it can end the login by using it again.
        """
        code = self.open(asked.code, asked.client.client_id, now)
        family = _bound(code, asked)
        first = await self._store.add(USED, code.code_id, b"", now + 2 * LIFETIME_S)
        if not first:
            await self._families.end(family.family_id, now)
            raise InvalidGrant("The code was used before.", reason="code_reused")
        made = Made(secrets.token_urlsafe(_ID_BYTES), secrets.token_urlsafe(_ID_BYTES), now)
        access_token = self._tokens.access_token(
            family, asked.client.client_id, family.scopes, made
        )
        answer = self._tokens.answer(
            access_token, family.scopes, family.dpop_key, self._tokens.lifetime_s
        )
        if "refresh_token" in code.grant_types:
            answer["refresh_token"] = self._refresh_tokens.issue(
                family, asked.client.client_id, made
            )
        return answer


def _bound(code: Code, asked: CodeExchange) -> Family:
    """Check what the code is bound to; the family, bound to the key that was shown."""
    if code.auth_method != "none" and asked.client.is_public:
        # RFC 9700 §2.5: what was a confidential client at login must not be a public one now.
        raise InvalidClient("The client must authenticate.", reason="client_downgrade")
    if asked.redirect_uri is not None and asked.redirect_uri != code.redirect_uri:
        raise InvalidGrant("The redirect_uri is another one.", reason="redirect_uri")
    check_code_verifier(asked.code_verifier, code.code_challenge)
    family = code.family
    if asked.resource is not None and asked.resource != family.resource:
        raise InvalidTarget("The code is for another resource.")
    if family.dpop_key is not None and family.dpop_key != asked.dpop_key:
        raise InvalidGrant("The code is bound to another key.", reason="dpop_key")
    return replace(family, dpop_key=asked.dpop_key)
