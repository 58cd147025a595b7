"""What may be configured about the built-in authorization server. Data only."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gateway.config.login.provider import LoginProvider
from gateway.config.scalars import FilePath, Network, Rate, RateValue
from gateway.config.section import Scope, Scopes, Seconds, Secret, Section
from gateway.errors import GatewayError
from gateway.oauth.redirect_uri import check_redirect_uri

ConfiguredGrant = Literal[
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
]
# RFC 6749 appendix A.1; no `:` or `/`, so that none looks like a URL or a user.
CLIENT_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$"


def _checked_redirect(uri: str) -> str:
    try:
        check_redirect_uri(uri)
    except GatewayError as error:
        raise ValueError(error.description) from None
    return uri


RedirectUri = Annotated[str, AfterValidator(_checked_redirect)]
ClientId = Annotated[str, Field(pattern=CLIENT_ID_PATTERN)]


class ConfiguredClient(Section):
    """A client that need not register; confidential when it has a secret.

    `scopes` are all that it may be granted, None is whatever its servers know.
    """

    name: str | None = None
    client_secret: Secret | None = None
    redirect_uris: tuple[RedirectUri, ...] = ()
    grants: tuple[ConfiguredGrant, ...] = ("authorization_code", "refresh_token")
    scopes: Scopes | None = None


class AccountsFile(Section):
    """Where the local accounts are, which `mcpgw user` writes: in `state_dir` when left out."""

    file: FilePath | None = None


class ClientDocuments(Section):
    """Clients whose id is the URL of a document about them.

    `fetch` off takes those in `pinned` only, files by URL. `networks` are further networks where
    documents may be fetched beside public ones, `ca_file` whom to trust there.
    """

    fetch: bool = True
    networks: tuple[Network, ...] = ()
    ca_file: FilePath | None = None
    pinned: Mapping[str, FilePath] = {}


class AuthorizationServer(Section):
    """The server that clients log in at when the issuer is `local`; off without this section.

    People log in at the `provider`; where there is none, with an account in `accounts`.
    Lifetimes in seconds: `refresh_token` since the login, `refresh_idle` since its last use. Within
    `refresh_grace` of its use a refresh token gets the same answer again. `scope_descriptions` tell
    the person who consents what a scope allows. `remember_consent` is for how long a browser need
    not be asked twice, None asks at each login.
    """

    accounts: AccountsFile = AccountsFile.model_construct()
    provider: LoginProvider | None = None
    clients: Mapping[ClientId, ConfiguredClient] = {}
    client_documents: ClientDocuments = ClientDocuments.model_construct()
    dynamic_registration: bool = True
    device_login: bool = False
    scope_descriptions: Mapping[Scope, str] = {}
    registrations_per_address: RateValue | None = Rate(60, 3600.0)
    access_token: Annotated[Seconds, Field(ge=60, le=3600)] = 3600.0
    refresh_token: Annotated[Seconds, Field(ge=3600)] = 30 * 86400.0
    refresh_idle: Annotated[Seconds, Field(ge=3600)] = 14 * 86400.0
    refresh_grace: Annotated[Seconds, Field(le=120)] = 30.0
    remember_consent: Annotated[Seconds, Field(ge=60)] | None = None
