"""Who calls? 400 for credentials in two places, 401, 429 and 503."""

import time

from gateway.errors import InvalidToken, MisplacedCredentials, MissingToken
from gateway.http.head import Head, wants_page
from gateway.identity.principal import Principal
from gateway.identity.verdict.slot import VerdictSlot
from gateway.oauth.bearer import Credentials, has_query_token, parse_authorization
from gateway.policy.decision import Allow
from gateway.proxy.gate.call import Asked, Call
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.route import Route
from gateway.proxy.limits.limits import UnauthenticatedLimits


def parse_credentials(head: Head) -> Credentials | None:
    """Find the one credential of a request; None when it carries none.

    Raises `MisplacedCredentials` for two or one in the query, `InvalidToken` for one that nobody
    could use, and `MissingToken` for an empty one.
    """
    if head.query and has_query_token(head.query):
        raise MisplacedCredentials("A token belongs into the Authorization header only.")
    return parse_authorization(head.headers.getall("Authorization", ()))


async def authenticate(
    call: Call, record: RequestRecord, unauthenticated: UnauthenticatedLimits
) -> Principal | None:
    """Find out who calls; None without credentials where the server lets anybody in.

    Raises `MissingToken`, `InvalidToken`, `RateLimited` for an address that failed too often,
    and `IdentityUnavailable`.
    """
    try:
        return await _authenticate(call, record, unauthenticated)
    except (MissingToken, InvalidToken):
        unauthenticated.failed(call.address)
        raise


async def _authenticate(
    call: Call, record: RequestRecord, unauthenticated: UnauthenticatedLimits
) -> Principal | None:
    route, credentials, slot = call.route, call.credentials, call.slot
    if credentials is None or slot is None:
        # A person is shown the page, also where clients need no token.
        if wants_page(call.head.method, call.head.headers):
            raise missing_token()
        # Where the gateway has public tools of its own, it depends on what is called.
        if route.policy.is_public or _has_public_tools(route, call.head):
            return None
        raise missing_token()
    started = time.perf_counter()
    try:
        principal = await _verdict(call, slot, record, unauthenticated)
        if route.possession.concerns(credentials, principal):
            route.possession.check(call.head, credentials, principal, record.began_at)
        return principal
    finally:
        record.auth_s = time.perf_counter() - started


async def _verdict(
    call: Call, slot: VerdictSlot, record: RequestRecord, unauthenticated: UnauthenticatedLimits
) -> Principal:
    authenticator = call.route.authenticator
    match authenticator.verify_slot(slot, record.began_at):
        case Principal() as principal:
            record.cache_result = "hit"
            return principal
        case InvalidToken() as refusal:
            record.cache_result = "negative"
            raise refusal
        case None:
            record.cache_result = "miss"
    with unauthenticated.enter(call.address):
        return await authenticator.authenticate(slot.token, record.began_at)


def check_known(asked: Asked, unauthenticated: UnauthenticatedLimits, *, is_own: bool) -> None:
    """Raise `MissingToken` for a caller without a token, unless that needs none.

    The gateway's own tools (`is_own`) say so themselves.
    """
    known = asked.call.route.policy.know(asked.principal, needs_none=is_own)
    if not isinstance(known, Allow):
        unauthenticated.failed(asked.call.address)
        raise missing_token()


def missing_token() -> MissingToken:
    """The error for who must log in first."""
    return MissingToken("This server needs an access token.")


def _has_public_tools(route: Route, head: Head) -> bool:
    return route.own_tools is not None and route.own_tools.has_public and head.method == "POST"
