"""Which `iss` values count as one issuer's."""

import pytest

from gateway.config.issuer import Issuer
from gateway.errors import InvalidToken
from gateway.identity.token.token_issuers import TokenIssuers, advertised_issuers

V2 = "https://login.example/{tenantid}/v2.0"
V1 = "https://sts.example/{tenantid}/"
TENANTS = ("t1", "t2")


def tenants(*named: str) -> TokenIssuers:
    return TokenIssuers(Issuer(issuer=V2, token_issuers=(V1,), tenants=named))


@pytest.mark.requirement("J14")
@pytest.mark.parametrize(
    "named",
    [
        "https://idp.example/",
        "https://IDP.example",
        "https://idp.example:443",
        "http://idp.example",
        "https://idp.example.evil.example",
        "",
        None,
        ["https://idp.example"],
        {"a": 1},
        7,
    ],
)
def test_an_issuer_that_only_looks_right_is_none_of_these(named: object) -> None:
    issuers = TokenIssuers(Issuer(issuer="https://idp.example"))

    assert issuers.match({"iss": "https://idp.example"}) == "https://idp.example"
    assert issuers.match({"iss": named}) is None
    assert issuers.match({}) is None


def test_an_issuer_may_write_other_names_too() -> None:
    issuers = TokenIssuers(Issuer(issuer="https://a.example", token_issuers=("accounts",)))

    assert issuers.match({"iss": "accounts"}) == "accounts"


@pytest.mark.requirement("J14")
@pytest.mark.parametrize("template", [V1, V2])
def test_each_tenant_that_is_named_counts_and_no_other(template: str) -> None:
    issuers = tenants(*TENANTS)

    for tenant in TENANTS:
        named = template.replace("{tenantid}", tenant)
        assert issuers.match({"iss": named, "tid": tenant}) == named
    assert issuers.match({"iss": template.replace("{tenantid}", "t3"), "tid": "t3"}) is None
    assert issuers.match({"iss": template, "tid": "{tenantid}"}) is None


@pytest.mark.requirement("J14")
@pytest.mark.parametrize("tid", ["t2", "T1", "", None, ["t1"]])
def test_a_tenant_unlike_its_issuers_is_refused(tid: object) -> None:
    with pytest.raises(InvalidToken) as caught:
        tenants(*TENANTS).match({"iss": V1.replace("{tenantid}", "t1"), "tid": tid})

    assert caught.value.reason == "claim_not_accepted"


def test_the_claim_of_the_tenant_may_have_another_name() -> None:
    issuer = Issuer(issuer=V2, tenants=("t1",), tenant_claim="org.id")
    named = V2.replace("{tenantid}", "t1")

    assert TokenIssuers(issuer).match({"iss": named, "org": {"id": "t1"}}) == named


def test_a_name_for_all_tenants_may_stand_beside_those_of_each() -> None:
    issuers = TokenIssuers(Issuer(issuer=V2, token_issuers=("all",), tenants=TENANTS))

    assert issuers.match({"iss": "all"}) == "all"


def test_without_tenants_no_template_counts() -> None:
    assert tenants().match({"iss": V2, "tid": ""}) is None


def test_tokens_without_a_name_may_be_the_issuers_own() -> None:
    issuers = TokenIssuers(Issuer(issuer="https://spire.example", without_iss=True))

    assert issuers.match({"sub": "spiffe://a/b"}) == "https://spire.example"
    assert issuers.match({"iss": "https://idp.example"}) is None


def test_an_answer_without_a_name_is_about_the_only_issuer() -> None:
    issuers = TokenIssuers(Issuer(issuer="https://idp.example"))

    assert issuers.named_by({"active": True}) == "https://idp.example"
    assert issuers.named_by({"iss": "https://idp.example"}) == "https://idp.example"


@pytest.mark.requirement("J14")
@pytest.mark.parametrize("answer", [{"iss": "https://other.example"}, {"iss": None}, {"iss": 7}])
def test_an_answer_about_another_issuers_token_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(InvalidToken):
        TokenIssuers(Issuer(issuer="https://idp.example")).named_by(answer)


def test_an_answer_that_names_no_tenant_is_refused() -> None:
    with pytest.raises(InvalidToken):
        tenants(*TENANTS).named_by({"tid": "t1"})


def test_clients_are_sent_to_each_tenant() -> None:
    assert advertised_issuers(Issuer(issuer="https://idp.example")) == ["https://idp.example"]
    assert advertised_issuers(Issuer(issuer=V2, tenants=TENANTS)) == [
        "https://login.example/t1/v2.0",
        "https://login.example/t2/v2.0",
    ]
