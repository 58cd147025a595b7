"""What may be configured about an issuer."""

import pytest
from pydantic import ValidationError

from gateway.config.issuer import Claims, Issuer, Lookup, NamedCaller, Userinfo


@pytest.mark.parametrize("key", ["client_id", "scopes", "groups", "groups_overage", "roles"])
def test_one_claim_path_may_stand_for_a_list(key: str) -> None:
    one = Claims.model_validate({key: "a.b"})

    assert one == Claims.model_validate({key: ["a.b"]})
    assert getattr(one, key) == ("a.b",)


@pytest.mark.parametrize("paths", ["", [""], [7], {"a": 1}, None])
def test_a_claim_path_is_text(paths: object) -> None:
    with pytest.raises(ValidationError):
        Claims.model_validate({"roles": paths})


def test_one_pattern_may_stand_for_a_list() -> None:
    issuer = Issuer.model_validate({"issuer": "https://a", "require": {"a": "x*", "b": ["y", "z"]}})

    assert issuer.require == {"a": ("x*",), "b": ("y", "z")}


@pytest.mark.parametrize("patterns", [[], "", [""], None, True, 7])
def test_a_condition_that_nothing_or_everything_meets_is_refused(patterns: object) -> None:
    """An empty pattern is an empty variable of the environment; unquoted `true` is no text."""
    with pytest.raises(ValidationError):
        Issuer.model_validate({"issuer": "https://a", "require": {"a": patterns}})


@pytest.mark.parametrize(
    "rule", [{"subject": "a"}, {"when": {}, "subject": "a"}, {"when": {"a": "b"}}]
)
def test_a_rule_has_a_condition_and_a_name(rule: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NamedCaller.model_validate(rule)


def test_a_rule_gives_nothing_that_it_does_not_say() -> None:
    rule = NamedCaller.model_validate({"when": {"a": "b"}, "subject": "deploy"})

    assert rule.scopes == frozenset()
    assert (rule.groups, rule.roles) == ((), ())


@pytest.mark.requirement("93", "106")
def test_by_itself_an_issuer_makes_access_tokens_of_rfc_9068_alone() -> None:
    issuer = Issuer(issuer="https://a")

    assert issuer.token_types == ("at+jwt",)
    assert issuer.required_claims == ("iss", "exp", "aud", "sub")
    assert issuer.jwks.uses == ("sig",)
    assert (issuer.tenants, issuer.without_iss, issuer.callers) == ((), False, ())


@pytest.mark.parametrize(
    "change",
    [
        {"algorithms": []},
        {"token_types": []},
        {"jwks": {"uses": []}},
        {"tenants": [""]},
        {"issuer": "https://a?x"},
        {"audience_claim": ""},
        {"backchannel_logout": {"clients": []}},
        {"unknown": 1},
    ],
)
def test_lists_that_would_mean_nothing_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Issuer.model_validate({"issuer": "https://a"} | change)


def test_userinfo_accepts_no_audience_by_itself() -> None:
    userinfo = Userinfo()

    assert not userinfo.insecure_accept_any_audience
    assert (userinfo.audience_claim, userinfo.audience_check) == (None, None)


def test_a_lookup_fills_groups_or_roles_and_nothing_else() -> None:
    assert Lookup(url="https://a").into == "groups"
    with pytest.raises(ValidationError):
        Lookup.model_validate({"url": "https://a", "into": "subject"})
