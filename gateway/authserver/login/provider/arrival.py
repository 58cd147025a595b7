"""Who came back from the provider, and what to remember to ask again about them."""

from gateway.authserver.login.login_method import LoginEnded, Person
from gateway.authserver.login.provider.grant import ProviderGrant
from gateway.authserver.login.provider.people import People
from gateway.authserver.login.provider.refusals import bad_id_token
from gateway.authserver.login.provider.tokens import ProviderTokens
from gateway.config.login.provider import LoginProvider
from gateway.errors import AccessDenied, InvalidToken
from gateway.resilience.clocks import Clocks


class Arrivals:
    """Makes a `Person` of the tokens of a login."""

    def __init__(self, settings: LoginProvider, people: People, clocks: Clocks) -> None:
        self._settings = settings
        self._people = people
        self._clocks = clocks

    async def person(self, tokens: ProviderTokens, nonce: str | None) -> Person:
        """Who it was. Raises `AccessDenied` when that is not sure, and `IdentityUnavailable`."""
        now = self._clocks.wall()
        try:
            person = await self._people.person(tokens, nonce, now)
        except InvalidToken as error:
            raise bad_id_token(error) from error
        except LoginEnded as error:
            raise AccessDenied(error.description, reason=error.reason) from error
        if person is None:
            raise AccessDenied(
                "The identity provider does not say who you are.", reason="provider_id_token"
            )
        return self._grant(tokens, now).put_into(person)

    def _grant(self, tokens: ProviderTokens, now: float) -> ProviderGrant:
        issuer = self._settings.issuer
        if tokens.refresh_token is not None:
            return ProviderGrant(issuer, "refresh_token", now, tokens.refresh_token)
        if not self._settings.id_token:
            # Without OpenID Connect an access token lives until somebody revokes it.
            return ProviderGrant(issuer, "access_token", now, tokens.access_token)
        return ProviderGrant(issuer, "nothing", now)
