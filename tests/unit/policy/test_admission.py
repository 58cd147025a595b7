"""Who may use a server at all."""

import pytest

from gateway.config.allow import Allow
from gateway.identity.principal import Principal
from gateway.policy.admission import compile_admission
from gateway.policy.decision import ALLOWED, Deny, Unknown

NONE: frozenset[str] = frozenset()


def caller(**known: object) -> Principal:
    return Principal(issuer="https://idp.example", subject="ada", **known)  # type: ignore[arg-type]  # test data


def verified(email: str) -> dict[str, object]:
    return {"email": email, "email_verified": True}


def test_nobody_gets_in_without_allow() -> None:
    admit = compile_admission(NONE, None)

    assert admit(caller()) == Deny("nobody_allowed")


def test_nobody_gets_in_with_an_empty_allow() -> None:
    admit = compile_admission(NONE, Allow())

    assert admit(caller()) == Deny("nobody_allowed")


def test_any_lets_every_authenticated_caller_in() -> None:
    admit = compile_admission(NONE, "any")

    assert admit(caller()) is ALLOWED


@pytest.mark.requirement("14", "15")
def test_missing_scope_names_all_scopes_of_the_server() -> None:
    admit = compile_admission(frozenset({"mcp:read", "mcp:write"}), "any")

    decision = admit(caller(scopes=frozenset({"mcp:read"})))

    assert decision == Deny("scope_missing", frozenset({"mcp:read", "mcp:write"}))


def test_one_of_the_allowed_scopes_is_enough() -> None:
    admit = compile_admission(NONE, Allow(scopes=frozenset({"a", "b"})))

    assert admit(caller(scopes=frozenset({"b"}))) is ALLOWED
    assert admit(caller(scopes=frozenset({"c"}))) == Deny("scope_missing", frozenset({"a", "b"}))


@pytest.mark.parametrize(
    ("allow", "matching", "reason"),
    [
        (Allow(subjects=frozenset({"ada"})), {}, "subject_not_allowed"),
        (Allow(clients=frozenset({"cli"})), {"client_id": "cli"}, "client_not_allowed"),
        (Allow(emails=frozenset({"Ada@Ex.org"})), verified("ada@ex.org"), "email_not_allowed"),
        (Allow(domains=frozenset({"@Ex.org"})), verified("ada@EX.org"), "domain_not_allowed"),
        (Allow(groups=frozenset({"dev", "ops"})), {"groups": ("ops",)}, "group_missing"),
        (Allow(roles=frozenset({"admin"})), {"roles": ("admin",)}, "role_missing"),
    ],
)
def test_each_key_lets_its_match_in_and_nobody_else(
    allow: Allow, matching: dict[str, object], reason: str
) -> None:
    admit = compile_admission(NONE, allow)
    stranger = Principal(issuer="https://idp.example", subject="eve")

    assert admit(caller(**matching)) is ALLOWED
    assert admit(stranger) == Deny(reason)


def test_every_given_key_must_match() -> None:
    admit = compile_admission(NONE, Allow(groups=frozenset({"dev"}), roles=frozenset({"admin"})))

    assert admit(caller(groups=("dev",))) == Deny("role_missing")


def test_wrong_group_is_no_reason_to_step_up() -> None:
    """A role or group shortfall has no OAuth answer: clients would log in again in a loop."""
    admit = compile_admission(frozenset({"mcp:read"}), Allow(groups=frozenset({"dev"})))

    assert admit(caller()) == Deny("group_missing")


@pytest.mark.requirement("186", "A16")
@pytest.mark.parametrize(
    "email",
    [
        "a@ex.org@evil.example",
        '"x@ex.org"@evil.example',
        "ex.org",
        "@ex.org",
        "evil.com,a@ex.org",
        "Eve <a@ex.org>",
        "a@ex.org ",
        "a@\uff45x.org",
        "a@ex\u3002org",
        "a@gro\u00df.com",
        "a@ban\u212a.com",
    ],
)
def test_odd_addresses_match_no_domain(email: str) -> None:
    domains = frozenset({"ex.org", "evil.example", "gross.com", "bank.com"})
    admit = compile_admission(NONE, Allow(domains=domains))

    assert admit(caller(**verified(email))) == Deny("domain_not_allowed")


@pytest.mark.requirement("A16")
@pytest.mark.parametrize(
    ("domain", "email"),
    [
        ("gro\u00df.com", "a@xn--gro-7ka.COM"),
        ("XN--gro-7ka.com", "a@gro\u00df.com"),
        ("@Ex.org", "o'neill+x@eX.ORG"),
    ],
)
def test_domains_are_compared_as_a_labels(domain: str, email: str) -> None:
    admit = compile_admission(NONE, Allow(domains=frozenset({domain})))

    assert admit(caller(**verified(email))) is ALLOWED


@pytest.mark.requirement("A16")
def test_an_address_that_nobody_verified_matches_nothing() -> None:
    for allow in (
        Allow(domains=frozenset({"ex.org"})),
        Allow(emails=frozenset({"ada@ex.org"})),
    ):
        assert isinstance(compile_admission(NONE, allow)(caller(email="ada@ex.org")), Deny)


@pytest.mark.requirement("O2")
@pytest.mark.parametrize(
    "allow",
    [
        Allow.model_construct(emails=frozenset({""})),
        Allow.model_construct(domains=frozenset({""})),
    ],
)
def test_an_empty_entry_does_not_match_whoever_has_no_address(allow: Allow) -> None:
    """The configuration refuses one; a decision must not hang on that alone."""
    assert isinstance(compile_admission(NONE, allow)(caller()), Deny)


@pytest.mark.requirement("C7")
def test_groups_that_nobody_knows_are_neither_a_reason_to_let_in_nor_to_refuse() -> None:
    admit = compile_admission(NONE, Allow(groups=frozenset({"dev"})))

    assert admit(caller(groups=None)) == Unknown("groups_unknown")
    assert admit(caller(groups=())) == Deny("group_missing")


def test_unknown_groups_do_not_matter_where_no_group_is_asked_for() -> None:
    assert compile_admission(NONE, "any")(caller(groups=None)) is ALLOWED
    admit = compile_admission(NONE, Allow(subjects=frozenset({"ada"})))
    assert admit(caller(groups=None)) is ALLOWED


@pytest.mark.parametrize(
    ("allow", "reason"),
    [
        (Allow(groups=frozenset({"dev"}), subjects=frozenset({"eve"})), "subject_not_allowed"),
        (Allow(groups=frozenset({"dev"}), roles=frozenset({"admin"})), "role_missing"),
    ],
)
def test_a_certain_refusal_comes_before_what_nobody_knows(allow: Allow, reason: str) -> None:
    """Asking again later would not help this caller."""
    assert compile_admission(NONE, allow)(caller(groups=None)) == Deny(reason)


def test_a_missing_scope_comes_before_what_nobody_knows() -> None:
    admit = compile_admission(frozenset({"mcp:read"}), Allow(groups=frozenset({"dev"})))

    assert admit(caller(groups=None)) == Deny("scope_missing", frozenset({"mcp:read"}))


def test_anonymous_lets_every_caller_in() -> None:
    admit = compile_admission(frozenset({"mcp:read"}), "anonymous")

    assert admit(caller()) is ALLOWED
