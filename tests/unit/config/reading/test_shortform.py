"""The short form for one server."""

import pytest

from tests.unit.config.samples import FULL, SHORT, review


def test_the_short_form_is_the_full_form() -> None:
    assert review(SHORT).config == review(FULL).config


def test_the_embedded_issuer_is_named_local() -> None:
    config = review(SHORT.replace("https://idp.example.com", "local")).config

    assert config is not None
    assert config.issuers["local"].local
    assert config.issuers["local"].issuer == "https://mcp.example.com"


def test_scopes_and_path_belong_to_the_server() -> None:
    config = review(SHORT + "scopes: [mcp:read]\npath: /x\n").config

    assert config is not None
    assert config.servers["mcp"].auth.scopes == {"mcp:read"}
    assert config.servers["mcp"].resource == "https://mcp.example.com/x"


def test_a_mistake_in_the_short_form_is_shown_where_it_stands() -> None:
    (problem,) = review(SHORT.replace("any", "everybody")).problems

    assert problem.place.line == 4


@pytest.mark.parametrize(
    "line", ["servers: {a: {upstream: 'http://a'}}", "issuers: {a: {issuer: 'https://a'}}"]
)
def test_short_and_full_form_of_the_same_thing_do_not_mix(line: str) -> None:
    assert any("leave" in each.message for each in review(SHORT + line).problems)


def test_a_missing_public_url_is_one_mistake() -> None:
    (problem,) = review("upstream: http://a\nissuer: local\nallow: any\n").problems

    assert problem.path == ("public_url",)


def test_mixed_forms_are_not_called_incomplete_too() -> None:
    found = review(SHORT + "servers: {a: {upstream: 'http://a', allow: any}}").problems

    assert [each.path for each in found] == [("upstream",), ("allow",)]
