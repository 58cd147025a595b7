"""Named roles, scopes that imply others, and conditions that are put together."""

import pytest

from gateway.config.allow import Allow
from gateway.identity.principal import Principal
from gateway.policy.decision import ALLOWED, Deny, Unknown
from gateway.policy.who import Vocabulary

DEV, OPS = Allow(groups=frozenset({"dev"})), Allow(groups=frozenset({"ops"}))


def caller(**known: object) -> Principal:
    return Principal(issuer="https://idp.example", subject="ada", **known)  # type: ignore[arg-type]  # test data


def test_a_named_role_is_held_by_whom_it_describes_and_by_the_token() -> None:
    decide = Vocabulary({"operator": OPS}).compile(Allow(roles=frozenset({"operator"})))

    assert decide(caller(groups=("ops",))) is ALLOWED
    assert decide(caller(roles=("operator",))) is ALLOWED
    assert decide(caller(groups=("dev",))) == Deny("role_missing")
    assert decide(caller(groups=None)) == Unknown("groups_unknown")


def test_a_role_that_leads_back_to_itself_adds_nobody() -> None:
    loop = {
        "a": Allow(roles=frozenset({"b"})),
        "b": Allow(roles=frozenset({"a"})),
    }
    words = Vocabulary(loop)

    assert words.compile(loop["a"])(caller()) == Deny("role_missing")
    assert words.roles_of(caller(roles=("x",))) == ("x",)


def test_a_role_that_a_scope_gives_can_be_stepped_up_to() -> None:
    words = Vocabulary({"writer": Allow(scopes=frozenset({"w"}))})
    decide = words.compile(Allow(roles=frozenset({"writer"})))

    assert decide(caller()) == Deny("scope_missing", frozenset({"w"}))


@pytest.mark.requirement("16")
def test_what_a_scope_implies_counts_through_every_step() -> None:
    words = Vocabulary(implies={"admin": frozenset({"write"}), "write": frozenset({"read"})})
    decide = words.compile(Allow(scopes=frozenset({"read"})))

    assert decide(caller(scopes=frozenset({"admin"}))) is ALLOWED
    assert decide(caller(scopes=frozenset({"other"}))) == Deny("scope_missing", frozenset({"read"}))


@pytest.mark.requirement("15")
def test_all_of_needs_every_scope_and_names_them_at_once() -> None:
    parts = tuple(Allow(scopes=frozenset({scope})) for scope in ("a", "b"))
    decide = Vocabulary().compile(Allow(all_of=parts))

    assert decide(caller()) == Deny("scope_missing", frozenset({"a", "b"}))
    assert decide(caller(scopes=frozenset({"a", "b"}))) is ALLOWED


def test_any_of_needs_one() -> None:
    scope = Allow(scopes=frozenset({"s"}))
    decide = Vocabulary().compile(Allow(any_of=(OPS, scope, DEV)))

    assert decide(caller(groups=("dev",))) is ALLOWED
    assert decide(caller(groups=("x",))) == Deny("scope_missing", frozenset({"s"}))
    assert decide(caller(groups=None)) == Unknown("groups_unknown")


def test_an_issuer_can_be_demanded() -> None:
    decide = Vocabulary().compile(Allow(issuers=frozenset({"https://idp.example"})))
    other = Vocabulary().compile(Allow(issuers=frozenset({"https://other.example"})))

    assert decide(caller()) is ALLOWED
    assert other(caller()) == Deny("issuer_not_allowed")
