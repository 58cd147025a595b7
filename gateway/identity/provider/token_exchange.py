"""The caller's token for one that the upstream accepts: OAuth 2.0 Token Exchange, RFC 8693."""

import hashlib
import secrets
from http import HTTPStatus

from cachetools import TLRUCache

from gateway.config.model import TokenExchange
from gateway.errors import UpstreamCredentialRefused
from gateway.identity.principal import Principal
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import SAMPLE_TOKEN, Question, Sample
from gateway.identity.provider.token_answer import GrantedToken, parse_token
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight
from gateway.sealing.parts import encode_parts

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a type's name
JWT = "urn:ietf:params:oauth:token-type:jwt"
MAX_REMEMBERED = 10_000
# What only the operator can mend. Every other code is about this one caller: besides those of
# RFC 8693 §2.2.2, providers have codes of their own, for a consent that is missing, say.
_FAULTS = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type"})
# RFC 6749 §5.2 says 400; some say 401 or 403 of the subject's token.
_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class TokenExchanges:
    """Exchanges tokens at one endpoint, once for each caller's token until the new one ends."""

    def __init__(
        self,
        settings: TokenExchange,
        provider: Provider,
        auth: ClientAuth,
        flights: SingleFlight,
        clocks: Clocks,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._auth = auth
        self._flights = flights
        self._clocks = clocks
        self._secret = secrets.token_bytes(32)
        self._granted: TLRUCache[bytes, GrantedToken] = TLRUCache(
            MAX_REMEMBERED,
            ttu=lambda key, granted, now: now + granted.usable_s,
            timer=clocks.monotonic,
        )

    async def exchange(self, principal: Principal, token: str, now: float) -> str:
        """The token for the upstream; `now` in Unix seconds.

        Raises `UpstreamCredentialRefused` when the endpoint does not grant one, and
        `IdentityUnavailable` when it does not answer.
        """
        key = self._key(principal, token)
        granted = self._granted.get(key)
        if granted is None:
            granted = await self._flights.join(key, lambda: self._ask(token))
            granted = _no_longer_than(granted, principal, now)
            if granted.usable_s > 0:
                self._granted[key] = granted
        return granted.token

    def _key(self, principal: Principal, token: str) -> bytes:
        # Of the principal too: what one verifier made of a token is not what another did.
        caller = (principal.issuer, principal.subject, principal.client_id or "")
        told = encode_parts((*caller, token))
        return hashlib.blake2b(told, key=self._secret, digest_size=32).digest()

    async def _ask(self, token: str) -> GrantedToken:
        sample = Sample(lambda: self._call(SAMPLE_TOKEN), _is_expected)
        answer = await self._provider.ask(Question(self._call(token), _is_expected, sample))
        if answer.status != HTTPStatus.OK:
            raise UpstreamCredentialRefused("There is no token for the server behind the gateway.")
        granted = _parse_granted(answer)
        if granted is None:
            raise self._provider.unusable("token exchange: no usable token in the answer")
        return granted

    def _call(self, token: str) -> Call:
        settings = self._settings
        wanted = {
            "grant_type": GRANT_TYPE,
            "subject_token": token,
            "subject_token_type": ACCESS_TOKEN,
            "requested_token_type": ACCESS_TOKEN,
            "audience": settings.audience,
            "resource": settings.resource,
            "scope": settings.scope,
        }
        form = {name: value for name, value in wanted.items() if value}
        headers, form = self._auth.apply(form, self._clocks.wall())
        return Call(settings.token_url, "POST", headers, form)


def _is_expected(answer: Answer) -> bool:
    """Whether the endpoint says yes, or no to this one caller: RFC 8693 §2.2.2."""
    document = answer.document if isinstance(answer.document, dict) else {}
    code = document.get("error")
    is_refusal = answer.status in _REFUSALS and isinstance(code, str) and code not in _FAULTS
    return is_refusal or _parse_granted(answer) is not None


def _parse_granted(answer: Answer) -> GrantedToken | None:
    granted = parse_token(answer) if answer.status == HTTPStatus.OK else None
    return granted if granted and granted.issued_type in (ACCESS_TOKEN, JWT) else None


def _no_longer_than(granted: GrantedToken, principal: Principal, now: float) -> GrantedToken:
    """What the caller's own token no longer allows, the other one must not allow either."""
    if principal.expires_at is None:
        return granted
    usable_s = min(granted.usable_s, principal.expires_at - now)
    return GrantedToken(granted.token, usable_s, granted.issued_type)
