"""The provider's token endpoint: RFC 6749 §4.1.3, §6, as a client of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from gateway.authserver.login.login_method import LoginEnded
from gateway.authserver.login.provider.refusals import login_refused
from gateway.authserver.login.provider.response import parse_refusal
from gateway.config.login.provider import LoginProvider
from gateway.errors import IdentityUnavailable
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import Question
from gateway.identity.provider.token_answer import parse_error
from gateway.resilience.clocks import Clocks

Endpoint = Callable[[], Awaitable[str]]

# These are about the gateway, and only the operator can mend them: RFC 6749 §5.2. The last is
# what some say instead of the first.
_ABOUT_THE_GATEWAY = frozenset(
    {"invalid_client", "unauthorized_client", "incorrect_client_credentials"}
)  # fmt: skip
# RFC 6749 §4.1.2.1 has them for redirects; some token endpoints write them, too.
_ABOUT_NOW = frozenset({"temporarily_unavailable", "server_error"})


@dataclass(frozen=True, slots=True)
class ProviderTokens:
    """What the provider gave for a code or a refresh token."""

    access_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)


class TokenEndpoint:
    """Exchanges codes and refresh tokens at one provider, as its one static client."""

    def __init__(
        self,
        settings: LoginProvider,
        provider: Provider,
        auth: ClientAuth,
        endpoint: Endpoint,
        clocks: Clocks,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._auth = auth
        self._endpoint = endpoint
        self._clocks = clocks

    async def exchange(self, code: str, code_verifier: str, redirect_uri: str) -> ProviderTokens:
        """The tokens of a login. Raises `AccessDenied` for a bad code, `IdentityUnavailable`."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if self._settings.pkce:
            form["code_verifier"] = code_verifier
        answer = await self._ask(form)
        refusal = _refusal(answer)
        if refusal is not None:
            raise login_refused(parse_refusal(*refusal))
        return self._tokens(answer)

    async def refresh(self, refresh_token: str) -> ProviderTokens:
        """New tokens. Raises `LoginEnded` when the provider ended it, `IdentityUnavailable`."""
        # Some want the scopes again; the same ones are no widening: RFC 6749 §6.
        scope = " ".join(self._settings.scopes)
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": scope}
        answer = await self._ask(form)
        if _refusal(answer) is not None:
            raise LoginEnded(
                "The identity provider ended the login: log in again.", reason="provider_ended"
            )
        return self._tokens(answer)

    async def _ask(self, form: Mapping[str, str]) -> Answer:
        headers, signed = self._auth.apply(form, self._clocks.wall())
        call = Call(await self._endpoint(), "POST", headers, signed)
        answer = await self._provider.ask(Question(call, _is_expected, by_caller=False))
        if (_error_of(answer) or "") in _ABOUT_NOW:
            raise IdentityUnavailable("The identity provider cannot be asked now.")
        return answer

    def _tokens(self, answer: Answer) -> ProviderTokens:
        document = answer.document if isinstance(answer.document, dict) else {}
        access_token = document.get("access_token")
        if not isinstance(access_token, str) or not access_token.isascii():
            raise self._provider.unusable(f"token endpoint: {parse_error(answer)}")
        id_token, refresh_token = document.get("id_token"), document.get("refresh_token")
        return ProviderTokens(
            access_token,
            id_token if isinstance(id_token, str) else None,
            refresh_token if isinstance(refresh_token, str) and refresh_token else None,
        )


def _refusal(answer: Answer) -> tuple[object, object] | None:
    """Error and text; None when the answer is none. Some refuse with status 200."""
    document = answer.document if isinstance(answer.document, dict) else {}
    if answer.status == HTTPStatus.OK and "error" not in document:
        return None
    return document.get("error"), document.get("error_description")


def _error_of(answer: Answer) -> str | None:
    code = answer.document.get("error") if isinstance(answer.document, dict) else None
    return code if isinstance(code, str) else None


def _is_expected(answer: Answer) -> bool:
    # A code of a caller's own making must not look like a fault of the service.
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return False
    return _error_of(answer) not in _ABOUT_THE_GATEWAY
