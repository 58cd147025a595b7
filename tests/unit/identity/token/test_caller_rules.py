"""Conditions on claims, and callers by name."""

import time

import pytest

from gateway.config.issuer import NamedCaller
from gateway.errors import InvalidToken
from gateway.identity.principal import Principal
from gateway.identity.token.caller_rules import CallerRules, compile_condition

CLAIMS: dict[str, object] = {
    "sub": "repo:acme/site",
    "repository": "acme/site",
    "owner": "Acme",
    "ref_protected": True,
    "level": 3,
    "aud": ["a", "b"],
    "kubernetes.io": {"namespace": "agents"},
    "note": "two\nlines",
    "empty": "",
    "nothing": None,
    "object": {"a": 1},
}


@pytest.mark.parametrize(
    ("path", "patterns", "fits"),
    [
        ("repository", ["acme/site"], True),
        ("repository", ["acme/*"], True),
        ("repository", ["*"], True),
        ("repository", ["other/*", "acme/*"], True),
        ("repository", ["acme"], False),
        ("repository", ["acme/"], False),
        ("repository", ["*/sit"], False),
        ("repository", ["cme/site"], False),
        ("repository", ["ACME/site"], False),
        ("repository", ["acme/site\n"], False),
        ("repository", ["acme.site"], False),
        ("owner", ["Acme"], True),
        ("owner", ["acme"], False),
        ("ref_protected", ["true"], True),
        ("ref_protected", ["True"], False),
        ("level", ["3"], True),
        ("aud", ["b"], True),
        ("aud", ["a*b"], False),
        ("kubernetes.io.namespace", ["agents"], True),
        ("note", ["two*lines"], True),
        ("note", ["two"], False),
        ("empty", ["*"], True),
        ("nothing", ["*"], False),
        ("object", ["*"], False),
        ("unknown", ["*"], False),
    ],
)
def test_a_claim_matches_one_of_its_patterns(path: str, patterns: list[str], fits: bool) -> None:
    assert compile_condition({path: patterns})(CLAIMS) is fits


@pytest.mark.requirement("J14")
@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("dependabot[bot]", "dependabot[bot]", True),
        ("dependabot[bot]", "dependabotb", False),
        ("dependabot[!x]", "dependabota", False),
        ("a?c", "a?c", True),
        ("a?c", "abc", False),
        ("a|b", "a", False),
        ("a.c", "abc", False),
        ("a\\d", "a1", False),
    ],
)
def test_nothing_but_the_star_stands_for_something_else(
    pattern: str, text: str, fits: bool
) -> None:
    assert compile_condition({"actor": [pattern]})({"actor": text}) is fits


def test_every_claim_must_match() -> None:
    condition = compile_condition({"repository": ["acme/*"], "level": ["4"]})

    assert not condition(CLAIMS)
    assert condition(CLAIMS | {"level": 4})


def test_many_stars_on_a_long_claim_cost_little_time() -> None:
    condition = compile_condition({"x": ["*a*a*a*a*a*a*a*b"]})
    began = time.thread_time()

    assert not condition({"x": "a" * 8000})
    assert time.thread_time() - began < 0.5


def principal(**claims: object) -> Principal:
    return Principal(
        issuer="https://ci.example",
        subject="repo:acme/site",
        client_id="workflow",
        scopes=frozenset({"own"}),
        groups=None,
        roles=("own",),
        claims=CLAIMS | claims,
    )


def test_without_rules_the_caller_stays_who_it_is() -> None:
    assert CallerRules({}, ()).apply(principal()) == principal()


def test_a_required_claim_that_does_not_match_is_a_refusal() -> None:
    rules = CallerRules({"repository": ("acme/*",)}, ())

    assert rules.apply(principal()) == principal()
    with pytest.raises(InvalidToken) as caught:
        rules.apply(principal(repository="eve/site"))
    assert caught.value.reason == "claim_not_accepted"


def test_the_first_rule_that_fits_says_who_calls() -> None:
    first = NamedCaller(when={"level": ("3",)}, subject="deploy", scopes=frozenset({"mcp:read"}))
    second = NamedCaller(when={"repository": ("acme/*",)}, subject="acme", groups=("robots",))

    named = CallerRules({}, (first, second)).apply(principal())
    other = CallerRules({}, (first, second)).apply(principal(level=1))

    assert (named.subject, named.groups, other.subject) == ("deploy", (), "acme")
    assert named.scopes == {"mcp:read"}
    assert other.scopes == frozenset()
    assert other.groups == ("robots",)
    assert (named.roles, named.client_id, named.issuer) == ((), "workflow", "https://ci.example")


def test_a_caller_that_no_rule_names_is_refused() -> None:
    rule = NamedCaller(when={"level": ("4",)}, subject="deploy")

    with pytest.raises(InvalidToken) as caught:
        CallerRules({}, (rule,)).apply(principal())

    assert caught.value.reason == "unmapped"
