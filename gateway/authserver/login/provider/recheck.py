"""Whether a person may still use a login: their provider is asked again, within `recheck`."""

from dataclasses import replace

from gateway.authserver.login.login_method import LoginEnded, Person
from gateway.authserver.login.provider.grant import ProviderGrant
from gateway.authserver.login.provider.people import People
from gateway.authserver.login.provider.renewals import Renewals
from gateway.authserver.login.provider.tokens import ProviderTokens, TokenEndpoint
from gateway.config.login.provider import LoginProvider
from gateway.errors import IdentityUnavailable, InvalidToken
from gateway.resilience.clocks import Clocks


class Recheck:
    """Asks with what the provider gave at the login; `clocks` says how old its word is."""

    def __init__(
        self,
        settings: LoginProvider,
        tokens: TokenEndpoint,
        people: People,
        renewals: Renewals,
        clocks: Clocks,
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._people = people
        self._renewals = renewals
        self._clocks = clocks

    async def renew(self, person: Person) -> Person:
        """The person as the provider knows them now, or knew them within `recheck`.

        Raises `LoginEnded` when it ended the login, and when nobody could ask for `max_stale`.
        """
        grant = ProviderGrant.parse(person.login)
        if grant is None or grant.issuer != self._settings.issuer:
            raise LoginEnded(
                "People log in elsewhere now: log in again.", reason="provider_changed"
            )
        age_s = self._clocks.wall() - grant.checked_at
        if age_s < self._settings.recheck:
            return person
        try:
            return await self._asked_again(person, grant)
        except IdentityUnavailable:
            if age_s < self._settings.max_stale:
                return person
            raise

    async def _asked_again(self, person: Person, grant: ProviderGrant) -> Person:
        if grant.kind != "nothing":
            return await self._renewals.once(grant, lambda: self._renewed(person, grant))
        if self._clocks.wall() - grant.checked_at < self._settings.max_stale:
            return person
        raise LoginEnded(
            "The identity provider cannot be asked about you any more: log in again.",
            reason="provider_grant",
        )

    async def _renewed(self, person: Person, grant: ProviderGrant) -> Person:
        now = self._clocks.wall()
        if grant.kind == "refresh_token":
            tokens = await self._tokens.refresh(grant.token)
            grant = replace(grant, token=tokens.refresh_token or grant.token)
        else:
            tokens = ProviderTokens(grant.token)
        try:
            told = await self._people.person(tokens, None, now)
        except InvalidToken as error:
            raise LoginEnded(
                "The identity provider's answer cannot be trusted: log in again.",
                reason="provider_id_token",
            ) from error
        told = told or person
        if told.subject != person.subject:  # OIDC Core §12.2
            raise LoginEnded("Somebody else logged in.", reason="provider_subject")
        return replace(grant, checked_at=now).put_into(told)
