"""Tokens that only their issuer can read: RFC 7662."""

import pytest

from gateway.config.issuer import Introspection, Issuer
from gateway.config.model import Cache
from gateway.errors import GatewayError, IdentityUnavailable, InvalidToken
from gateway.identity.principal import Principal
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.verdict.authenticator import Authenticator
from gateway.identity.verdict.cache import VerdictCache
from gateway.identity.verifiers.introspection import IntrospectionVerifier
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.support.issuer_service import IssuerService, Scene
from tests.support.token_signer import TokenSigner
from tests.unit.identity.conftest import RESOURCE, Asking

ISSUER = "https://idp.example"
NOW = 1_763_900_000.0
URN = "urn:ietf:params:oauth:token-type:access_token"
TOKEN = "opaque"  # noqa: S105  # of a test
FOREIGN = ("id", "id_token", "refresh", "refresh_token", "offline", "logout")
GOOD: dict[str, object] = {
    "active": True,
    "iss": ISSUER,
    "aud": RESOURCE,
    "sub": "ada",
    "client_id": "cli",
    "scope": "mcp:read mcp:write",
    "exp": NOW + 100,
    "token_type": "Bearer",
}


def _verifier(service: IssuerService, asking: Asking, **settings: object) -> IntrospectionVerifier:
    section = Introspection(client_id="mcpgw", client_secret="s3cret", cache=30.0)  # noqa: S106 - of a test
    issuer = Issuer.model_validate({"issuer": ISSUER, "introspection": section, **settings})

    async def endpoint() -> str:
        return f"{service.url}/introspect"

    auth = ClientAuth(section, ISSUER)
    return IntrospectionVerifier(issuer, [RESOURCE], asking.provider, auth, endpoint, Clocks())


async def _ask(
    service: IssuerService, asking: Asking, answer: dict[str, object], **settings: object
) -> Principal | None:
    service.scenes["/introspect"] = Scene(answer)
    return await _verifier(service, asking, **settings).verify("opaque", NOW)


async def _outcome(
    service: IssuerService, asking: Asking, answer: dict[str, object], **settings: object
) -> str:
    try:
        found = await _ask(service, asking, answer, **settings)
    except GatewayError as error:
        return error.reason
    return "not mine" if found is None else "accepted"


@pytest.mark.requirement("117")
async def test_the_token_is_posted_by_an_authenticated_caller(
    service: IssuerService, asking: Asking
) -> None:
    await _ask(service, asking, GOOD)

    (asked,) = service.asked
    assert asked.method == "POST"
    assert asked.form == {"token": "opaque", "token_type_hint": "access_token"}
    assert asked.headers["Authorization"].startswith("Basic ")


async def test_a_good_answer_becomes_a_principal(service: IssuerService, asking: Asking) -> None:
    found = await _ask(service, asking, GOOD)

    assert found is not None
    assert (found.issuer, found.subject, found.client_id) == (ISSUER, "ada", "cli")
    assert found.scopes == {"mcp:read", "mcp:write"}
    assert (found.expires_at, found.remember_s, found.scheme) == (NOW + 100, 30.0, "introspection")


@pytest.mark.requirement("118", "119", "C5")
@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"active": False}, "not mine"),
        ({"active": "true"}, "inactive"),
        ({"active": "false"}, "inactive"),
        ({"active": 1}, "inactive"),
        ({"active": None}, "inactive"),
        ({"aud": None}, "wrong_audience"),
        ({"aud": "https://gateway.example/mcp2"}, "wrong_audience"),
        ({"aud": ["https://other.example", RESOURCE]}, "accepted"),
        ({"aud": {"a": 1}}, "malformed"),
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"exp": NOW - 61}, "expired"),
        ({"exp": NOW + 10.5}, "accepted"),
        ({"exp": "1763900100"}, "accepted"),
        ({"exp": "1763900100.5"}, "accepted"),
        ({"exp": "1763890000"}, "expired"),
        ({"exp": "never"}, "malformed"),
        ({"exp": "1.7639e9"}, "malformed"),
        ({"nbf": 0}, "accepted"),
        ({"nbf": "0", "iat": "0"}, "accepted"),
        ({"nbf": NOW + 61}, "not_yet_valid"),
        ({"token_type": "refresh_token"}, "wrong_type"),
        *(({"token_type": kind}, "accepted") for kind in ("bearer", "Access_Token", "at+JWT", URN)),
        ({"token_type": "DPoP", "cnf": {"jkt": "x"}}, "accepted"),
        *(({"token_type": kind}, "wrong_type") for kind in (["Bearer"], "", "id_token", 7)),
        *(({"token_use": kind}, "wrong_type") for kind in FOREIGN),
        *(({"typ": kind.upper()}, "wrong_type") for kind in FOREIGN),
        *(({name: "Bearer"}, "accepted") for name in ("typ", "token_use")),
        ({"token_use": "access_token"}, "accepted"),
        ({"token_use": ["id"]}, "accepted"),
        ({"sub": None}, "missing_claim"),
        ({"cnf": {"kid": "x"}}, "sender_constrained"),
    ],
)
async def test_active_alone_is_not_enough(
    service: IssuerService, asking: Asking, change: dict[str, object], outcome: str
) -> None:
    answer = {name: value for name, value in (GOOD | change).items() if value is not None}

    assert await _outcome(service, asking, answer) == outcome


@pytest.mark.requirement("A14", "C5")
@pytest.mark.parametrize("scene", [Scene(GOOD, 400), Scene([GOOD]), Scene(b"", 404)])
async def test_what_is_refused_beside_a_good_answer_is_no_token_of_the_issuer(
    service: IssuerService, asking: Asking, scene: Scene
) -> None:
    service.scenes["/introspect"] = lambda asked: (
        Scene({"active": False}) if asked.form["token"] != TOKEN else scene
    )

    assert await _verifier(service, asking).verify(TOKEN, NOW) is None


@pytest.mark.requirement("B14")
async def test_null_is_as_good_as_nothing(service: IssuerService, asking: Asking) -> None:
    names = ("exp", "nbf", "iat", "iss", "cnf", "token_type", "client_id", "scope", "jti", "typ")
    answer: dict[str, object] = {"active": True, "aud": RESOURCE, "sub": "ada"}

    found = await _ask(service, asking, answer | dict.fromkeys(names))

    assert found == await _ask(service, asking, answer)
    assert found is not None
    assert (found.issuer, found.expires_at, found.confirmation) == (ISSUER, None, None)


@pytest.mark.requirement("119")
async def test_what_the_answer_leaves_out_is_not_missed(
    service: IssuerService, asking: Asking
) -> None:
    answer = {"active": True, "aud": RESOURCE, "username": "ada"}

    found = await _ask(service, asking, answer, claims={"subject": "username"})

    assert found is not None
    assert (found.subject, found.expires_at) == ("ada", None)


@pytest.mark.requirement("121", "122", "C5")
@pytest.mark.parametrize(
    "scene",
    [
        Scene(status=500),
        Scene(status=429, headers={"Retry-After": "7"}),
        Scene({"error": "invalid_request"}, 400),
        Scene({"error": "invalid_client"}, 401),
        Scene(status=403),
        Scene(status=302, headers={"Location": "/other"}),
        Scene(b"<html>welcome</html>"),
        Scene(b'{"active":true,"active":false}'),
        Scene([1]),
        Scene(b'{"a":"' + b"x" * 2_000_000 + b'"}'),
    ],
)
async def test_no_sensible_answer_is_no_verdict(
    service: IssuerService, asking: Asking, scene: Scene
) -> None:
    service.scenes["/introspect"] = scene

    with pytest.raises(IdentityUnavailable):
        await _verifier(service, asking).verify("opaque", NOW)


@pytest.mark.requirement("124")
async def test_no_redirect_takes_the_token_and_the_secret_elsewhere(
    service: IssuerService, asking: Asking
) -> None:
    service.scenes["/introspect"] = Scene(status=307, headers={"Location": "/other"})

    with pytest.raises(IdentityUnavailable):
        await _verifier(service, asking).verify("opaque", NOW)

    assert {each.path for each in service.asked} == {"/introspect"}


@pytest.mark.requirement("120")
async def test_an_answer_is_not_remembered_beyond_the_end_of_the_token(
    service: IssuerService, asking: Asking, flights: SingleFlight, clock: HandClock
) -> None:
    service.scenes["/introspect"] = Scene(GOOD | {"exp": clock.wall + 10})
    cache = VerdictCache(Cache(), flights, clock.clocks)
    chain = Authenticator("mcp", [_verifier(service, asking)], cache, opaque=True)

    await chain.authenticate("opaque", clock.wall)
    assert chain.cached("opaque", clock.wall) is not None
    clock.advance(10)

    assert chain.cached("opaque", clock.wall) is None


async def test_a_jwt_is_for_the_keys_where_there_are_some(
    service: IssuerService, asking: Asking, signer: TokenSigner
) -> None:
    found = await _verifier(service, asking).verify(signer.token(RESOURCE), NOW)

    assert found is None
    assert service.asked == []


@pytest.mark.requirement("24", "108")
async def test_no_issuer_gets_to_see_a_token_that_names_another(
    service: IssuerService, asking: Asking, signer: TokenSigner
) -> None:
    service.scenes["/introspect"] = Scene(GOOD)
    verifier = _verifier(service, asking, jwt=False)

    assert await verifier.verify(signer.token(RESOURCE), NOW) is None
    assert service.asked == []
    assert await verifier.verify(signer.token(RESOURCE, iss=ISSUER), NOW) is not None


async def test_callers_are_named_by_rules(service: IssuerService, asking: Asking) -> None:
    rules = [{"when": {"client_id": "cli"}, "subject": "the-cli", "groups": ["bots"]}]

    found = await _ask(service, asking, GOOD, callers=rules)

    assert found is not None
    assert (found.subject, found.groups, found.scheme) == ("the-cli", ("bots",), "introspection")


async def test_a_condition_that_does_not_hold_refuses(
    service: IssuerService, asking: Asking
) -> None:
    with pytest.raises(InvalidToken):
        await _ask(service, asking, GOOD, require={"client_id": "other-*"})
