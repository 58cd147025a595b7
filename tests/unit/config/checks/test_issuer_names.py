"""Conditions where there are several issuers."""

import pytest

from gateway.config.checks.issuer_names import issuer_names
from gateway.config.issuer import Issuer
from gateway.config.reading.problems import path_text
from tests.unit.config.samples import review

pytestmark = pytest.mark.requirement("A19")

CONFIG = """\
public_url: https://mcp.example.com
issuers:
  corp: {{issuer: "https://idp.example.com"}}
  partner: {{issuer: "https://login.partner.example"}}
{more}
servers:
  one:
    path: /one
    upstream: "http://127.0.0.1:9000/mcp"
    auth: {{issuers: [corp]}}
    allow: {{subjects: [ada]}}
  two: {{path: /two, upstream: "http://127.0.0.1:9001/mcp", {two}}}
"""


def warnings(two: str, more: str = "") -> list[str]:
    found = review(CONFIG.format(two=two, more=more))
    assert found.config is not None, found.report()
    return [f"{path_text(each.path)}: {each.message}" for each in found.warnings]


@pytest.mark.parametrize(
    ("two", "place"),
    [
        ("allow: {subjects: [ada]}", "servers.two.allow.subjects"),
        ("allow: {emails: [ada@x.example]}", "servers.two.allow.emails"),
        ("allow: {domains: [x.example]}", "servers.two.allow.domains"),
        ("rules: [{tools: [a], allow: {groups: [dev]}}]", "servers.two.rules[0].allow.groups"),
        ("allow: {any_of: [{roles: [r]}]}", "servers.two.allow.any_of[0].roles"),
        (
            "allow: {any_of: [{groups: [g], issuers: [corp]}, {groups: [g]}]}",
            "servers.two.allow.any_of[1].groups",
        ),
    ],
)
def test_a_condition_that_names_no_issuer_is_told(two: str, place: str) -> None:
    (warning,) = warnings(two)

    assert warning.startswith(f"{place}: ")
    assert "such as issuers: [corp]" in warning


@pytest.mark.parametrize(
    "two",
    [
        "allow: any",
        "allow: {scopes: [a]}",
        "allow: {subjects: [ada], issuers: [corp]}",
        'allow: {subjects: [ada], issuers: ["https://idp.example.com"]}',
        "allow: {all_of: [{issuers: [corp]}, {subjects: [ada]}]}",
        "allow: {issuers: [corp], any_of: [{subjects: [ada]}, {groups: [dev]}]}",
        "auth: {issuers: [partner]}, allow: {subjects: [ada]}",
    ],
)
def test_one_that_names_it_or_needs_none_is_not(two: str) -> None:
    assert warnings(two) == []


def test_roles_of_the_configuration_are_looked_at_too() -> None:
    (warning,) = warnings("allow: any", "roles: {admin: {subjects: [ada]}}")

    assert warning.startswith("roles.admin.subjects: ")


def test_tenants_are_several_issuers() -> None:
    tenants = "tenants: [a, b], token_issuers: ['https://old.example/{tenantid}']"
    issuer = Issuer.model_validate(
        {
            "issuer": "https://idp.example/{tenantid}",
            "tenants": ["a", "b"],
            "token_issuers": ["https://old.example/{tenantid}", "https://other.example"],
        }
    )
    text = CONFIG.format(two="auth: {issuers: [corp]}, allow: {subjects: [ada]}", more="")
    several = text.replace(
        'https://idp.example.com"', 'https://idp.example.com/{tenantid}", ' + tenants
    )

    assert len(review(several).warnings) == 2
    assert issuer_names({"corp": issuer})["corp"] == {
        "https://idp.example/a",
        "https://idp.example/b",
        "https://old.example/a",
        "https://old.example/b",
        "https://other.example",
    }


def test_an_issuer_that_is_not_there_is_a_mistake() -> None:
    (problem,) = review(CONFIG.format(two="allow: {issuers: [crop]}", more="")).problems

    assert path_text(problem.path) == "servers.two.allow.issuers"
    assert "one of: corp, partner" in problem.message
