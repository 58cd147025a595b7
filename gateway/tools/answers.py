"""What each of the gateway's own tools answers."""

from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.errors import GatewayError, IdentityUnavailable
from gateway.identity.principal import Principal
from gateway.mcp.listing import tool_hints
from gateway.policy.decision import Allow, Deny
from gateway.policy.rules import Action
from gateway.tools.facts import Call, Issuer, ServerFacts
from gateway.tools.outputs import CallableTools, LoginUrl, Refresh, Status, TokenInfo, WhoAmI

_BY_ITSELF = (
    "An MCP client logs in by itself: a call without a token is answered with 401 and a challenge"
    " that leads it to the authorization server. In a client with a button for it, press that."
)
_REFRESHING = (
    "Your MCP client sends its refresh token to the token endpoint (grant_type=refresh_token) by"
    " itself when the access token ends; nothing is to be done. If it cannot, log in again."
)
_NO_REFRESHING = "This issuer offers no refresh tokens: when the access token ends, log in again."
_NO_LOGIN = "This issuer has no page to log in at: its tokens come from whoever runs the server."
_NO_ISSUER = "No authorization server stands behind this credential: ask whoever gave it to you."

_FIRST_MOMENT = -62135596800.0  # 0001-01-01T00:00:00Z
_LAST_MOMENT = 253402300799.0  # 9999-12-31T23:59:59Z


async def status(facts: ServerFacts, call: Call) -> Status:
    """Whether the caller is logged in, and how this server wants it."""
    who = call.principal
    return Status(
        authenticated=who is not None,
        server=facts.name,
        resource=facts.resource,
        resource_metadata=facts.resource_metadata,
        authorization_servers=[issuer.url for issuer in facts.logins],
        required_scopes=sorted(facts.asked.named(facts.scopes, who)),
        dpop=facts.dpop,
        subject=None if who is None else who.subject,
        scopes=[] if who is None else sorted(who.scopes),
        expires_at=None if who is None else _when(who.expires_at),
    )


async def login_url(facts: ServerFacts, call: Call) -> LoginUrl:
    """Where to log in."""
    issuer = next(iter(facts.logins), None)
    metadata = await _metadata(issuer)
    return LoginUrl(
        authorization_server=None if issuer is None else issuer.url,
        authorization_endpoint=_url(metadata, "authorization_endpoint"),
        registration_endpoint=_url(metadata, "registration_endpoint"),
        resource=facts.resource,
        resource_metadata=facts.resource_metadata,
        scopes=sorted(facts.asked.named(facts.scopes, None)),
        how=_how_to_log_in(facts, metadata),
    )


async def whoami(facts: ServerFacts, call: Call) -> WhoAmI:
    """The caller as the gateway knows it, and what they may call."""
    who = _known(call)
    return WhoAmI(
        subject=who.subject,
        issuer=who.issuer,
        client_id=who.client_id,
        name=who.name,
        email=who.email,
        scopes=sorted(who.scopes),
        roles=list(facts.roles_of(who)),
        groups=None if who.groups is None else list(who.groups),
        tools=await _callable_tools(facts, who),
    )


async def token(facts: ServerFacts, call: Call) -> TokenInfo:
    """The claims and the end of the presented token; itself only when that is asked for."""
    who = _known(call)
    return TokenInfo(
        kind=who.scheme,
        issuer=who.issuer,
        subject=who.subject,
        client_id=who.client_id,
        token_id=who.token_id,
        scopes=sorted(who.scopes),
        issued_at=_when(who.issued_at),
        expires_at=_when(who.expires_at),
        expires_in_s=_remaining(who, call.now),
        sender_constrained=who.confirmation is not None,
        claims=dict(who.claims),
        token=call.token if call.arguments.get("showToken") is True else None,
    )


async def refresh(facts: ServerFacts, call: Call) -> Refresh:
    """How the caller's client gets a newer token from the issuer of this one."""
    who = _known(call)
    issuer = facts.issuer_of(who)
    metadata = await _metadata(issuer)
    supported = _offers_refresh(metadata)
    how = _NO_REFRESHING if supported is False else _REFRESHING
    return Refresh(
        issuer=who.issuer,
        token_endpoint=_url(metadata, "token_endpoint"),
        supported=False if issuer is None else supported,
        client_id=who.client_id,
        expires_at=_when(who.expires_at),
        expires_in_s=_remaining(who, call.now),
        how=_NO_ISSUER if issuer is None else how,
    )


async def _callable_tools(facts: ServerFacts, who: Principal) -> CallableTools | None:
    try:
        published = await facts.tools()
    except IdentityUnavailable:
        return None
    found = CallableTools([], {})
    for name, tool in published.items():
        if facts.rules is None:
            found.allowed.append(name)
            continue
        action = Action("tools/call", "tool", name, annotations=tool_hints(tool))
        decision = facts.rules.show(who, action)
        if isinstance(decision, Allow):
            found.allowed.append(name)
        elif isinstance(decision, Deny) and decision.missing_scopes:
            needed = facts.scopes | decision.missing_scopes
            found.with_more_scopes[name] = sorted(facts.asked.named(needed, who))
    return found


async def _metadata(issuer: Issuer | None) -> Mapping[str, object]:
    if issuer is None:
        return {}
    try:
        return await issuer.metadata()
    except GatewayError:
        return {}


def _how_to_log_in(facts: ServerFacts, metadata: Mapping[str, object]) -> str:
    if not facts.logins:
        return _NO_LOGIN if facts.issuers else _NO_ISSUER
    has_page = _url(metadata, "authorization_endpoint") is not None
    return _NO_LOGIN if metadata and not has_page else _BY_ITSELF


def _offers_refresh(metadata: Mapping[str, object]) -> bool | None:
    if not metadata:
        return None
    # RFC 8414 §2: left out, it means authorization codes and implicit grants.
    grants = metadata.get("grant_types_supported")
    return isinstance(grants, list) and "refresh_token" in grants


def _url(metadata: Mapping[str, object], member: str) -> str | None:
    value = metadata.get(member)
    return value if isinstance(value, str) else None


def _known(call: Call) -> Principal:
    assert call.principal is not None  # noqa: S101  # the toolbox lets nobody else come here
    return call.principal


def _when(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    # A token may name moments that no calendar has: the nearest that it has.
    moment = datetime.fromtimestamp(min(max(seconds, _FIRST_MOMENT), _LAST_MOMENT), UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _remaining(who: Principal, now: float) -> int | None:
    return None if who.expires_at is None else max(0, int(who.expires_at - now))
