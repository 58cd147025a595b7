"""What an assertion says; the integration tests have servers that verify it."""

import base64
import hashlib
from pathlib import Path

import jwt
import pytest

from gateway.config.model import AssertionKeys as Settings
from gateway.identity.principal import Principal
from gateway.mcp.operation import Operation
from gateway.proxy.outgoing.assertion import AssertionIntroducer
from gateway.proxy.outgoing.assertion_keys import AssertionKeys
from gateway.proxy.outgoing.header_source import OutgoingCall
from gateway.proxy.outgoing.identity_bounds import Bounds
from gateway.resilience.clocks import Clocks

ADA = Principal("https://idp.example", "ada", "cli", frozenset({"b", "a"}), groups=("dev",))
NOW = 1_763_900_000.7


@pytest.fixture
def source(tmp_path_factory: pytest.TempPathFactory) -> AssertionIntroducer:
    keys = AssertionKeys.load(Settings(), tmp_path_factory.mktemp("keys"), Clocks())
    return AssertionIntroducer(keys, issuer="https://gw", audience="https://up", lifetime_s=30.0)


async def _claims(source: AssertionIntroducer, call: OutgoingCall) -> dict[str, object]:
    line = (await source(call)).decode("ascii")
    name, _, value = line.partition(": ")
    assert name == "X-Gateway-Assertion"
    assert value.endswith("\r\n")
    found: dict[str, object] = jwt.decode(value.strip(), options={"verify_signature": False})
    return found


async def test_it_says_who_calls_what_with_which_body(source: AssertionIntroducer) -> None:
    operation = Operation("tools/call", "whoami")

    claims = await _claims(source, OutgoingCall(ADA, "t", operation, b"{}", NOW))

    digest = base64.urlsafe_b64encode(hashlib.sha256(b"{}").digest()).rstrip(b"=").decode()
    del claims["jti"]
    assert claims == {
        "iss": "https://gw",
        "aud": "https://up",
        "iat": 1_763_900_000,
        "exp": 1_763_900_030,
        "body_sha256": digest,
        "htm": "POST",
        "mcp": {"method": "tools/call", "name": "whoami"},
        "sub": "ada",
        "token_issuer": "https://idp.example",
        "client_id": "cli",
        "scope": "a b",
        "groups": ["dev"],
    }


async def test_unknown_groups_are_said_to_be_unknown(source: AssertionIntroducer) -> None:
    nobody_knows = Principal("https://idp.example", "ada", groups=None)

    claims = await _claims(source, OutgoingCall(nobody_knows, "t", None, b"", NOW))

    assert claims["groups_unknown"] is True
    assert "groups" not in claims


async def test_an_anonymous_caller_has_no_subject(source: AssertionIntroducer) -> None:
    claims = await _claims(source, OutgoingCall(None, None, None, b"", NOW))

    assert claims["anonymous"] is True
    assert not {"sub", "client_id", "scope", "mcp"} & set(claims)


@pytest.mark.requirement("A20")
async def test_requests_without_a_body_are_told_apart(source: AssertionIntroducer) -> None:
    calls = [
        OutgoingCall(ADA, "t", None, b"", NOW, method, session)
        for method in ("GET", "DELETE")
        for session in (None, b"s-1", b"s-2")
    ]

    told = [await _claims(source, each) for each in calls]

    assert [(each["htm"], each.get("session")) for each in told] == [
        (method, session) for method in ("GET", "DELETE") for session in (None, "s-1", "s-2")
    ]


async def test_no_two_are_alike(source: AssertionIntroducer) -> None:
    call = OutgoingCall(ADA, "t", None, b"", NOW)

    assert await source(call) != await source(call)


@pytest.mark.requirement("B7")
@pytest.mark.parametrize(("keep_named", "groups"), [(True, ["g-7"]), (False, None)])
async def test_lists_that_are_too_long_are_told_as_the_headers_are(
    tmp_path: Path, keep_named: bool, groups: list[str] | None
) -> None:
    many = tuple(f"g-{number}" for number in range(300))
    bounds = Bounds(256, keep_named=keep_named, named={"groups": frozenset({"g-7"})})
    keys = AssertionKeys.load(Settings(), tmp_path, Clocks())
    bounded = AssertionIntroducer(
        keys, issuer="https://gw", audience="https://up", lifetime_s=30.0, bounds=bounds
    )
    call = OutgoingCall(Principal("https://idp", "ada", groups=many), "t", None, b"", 0.0)

    claims = await _claims(bounded, call)

    assert claims["groups"] == (groups or list(many))
    assert claims.get("incomplete") == (["groups"] if keep_named else None)
