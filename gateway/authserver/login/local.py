"""Logging in with a local account: a name and a password."""

from collections.abc import Callable

from aiohttp import web

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.accounts import Accounts
from gateway.authserver.accounts.refusals import LoginRefused, LoginThrottled
from gateway.authserver.answers import page_answer
from gateway.authserver.flows.flow import Flow
from gateway.authserver.forms import form_of
from gateway.authserver.login.login_method import LoginSite, Person
from gateway.errors import GatewayError
from gateway.oauth.errors import InvalidGrant
from gateway.pages.login import LoginView, login_page

_WRONG = "The name or the password is wrong."
_WRONG_OR_CODE = "The name, the password or the one-time code is wrong."
_WAIT = "Too many tries. Wait {} and try again."


class LocalLogin:
    """Shows a form and compares the password; `address_of` is who sent a request."""

    def __init__(
        self, accounts: Accounts, site: LoginSite, address_of: Callable[[web.Request], str]
    ) -> None:
        self._accounts = accounts
        self._site = site
        self._address_of = address_of

    @property
    def asks_each_time(self) -> bool:
        """True: the password is never remembered."""
        return True

    @property
    def assertions(self) -> None:
        """There is no provider."""
        return None

    async def begin(self, flow: Flow, sealed: str) -> web.StreamResponse:
        """Show the form."""
        return page_answer(
            login_page(self._view(flow, sealed, flow.login_hint or "", None), self._site.brand)
        )

    async def sealed_flow(self, request: web.Request) -> str:
        """The flow that the form holds."""
        return (await form_of(request)).get("flow") or ""

    async def finish(self, request: web.Request, flow: Flow) -> Person | web.StreamResponse:
        """Say who it was; a wrong password shows the form again.

        Raises `IdentityUnavailable` while nobody knows the accounts.
        """
        form = await form_of(request)
        name = form.get("name") or ""
        try:
            account = await self._accounts.verify(
                name,
                form.get("password") or "",
                self._address_of(request),
                self._site.clocks.monotonic(),
                form.get("code") or "",
            )
        except (LoginRefused, LoginThrottled) as error:
            self._site.steps.failed("login", error, flow.client.client_id, "")
            view = self._view(flow, form.require("flow"), name, self._explanation(error))
            return page_answer(login_page(view, self._site.brand), error.status)
        return _person(account)

    def forget(self, request: web.Request, response: web.StreamResponse) -> None:
        """Nothing is left: the flow travels in the form."""

    async def renew(self, person: Person, logged_in_at: float) -> Person:
        """The account as it is now.

        Raises `InvalidGrant` when it is gone or disabled, or has had another password since.
        """
        account = self._accounts.find(person.subject)
        if account is None:
            raise InvalidGrant("The account may not be used any longer.", reason="account_gone")
        if account.password_set_at is not None and account.password_set_at > logged_in_at:
            raise InvalidGrant("The password was changed: log in again.", reason="password_changed")
        return _person(account)

    def _view(self, flow: Flow, sealed: str, name: str, error: str | None) -> LoginView:
        return LoginView(
            action=self._site.login_url,
            flow=sealed,
            client_name=flow.client.shown_name,
            server_title=self._site.title_of(flow.server),
            login_hint=name,
            error=error,
            asks_for_code=self._accounts.asks_for_codes,
        )

    def _explanation(self, error: GatewayError) -> str:
        if not isinstance(error, LoginThrottled):
            # The same for all accounts: nobody learns which has a code.
            return _WRONG_OR_CODE if self._accounts.asks_for_codes else _WRONG
        minutes = -(-error.retry_after_s // 60)
        few = error.retry_after_s < 60  # noqa: PLR2004  # seconds of a minute
        return _WAIT.format("a few seconds" if few else f"{minutes} min")


def _person(account: Account) -> Person:
    return Person(
        account.subject, account.display_name or account.name, account.email, account.groups
    )
