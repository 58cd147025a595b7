"""URLs and texts with `{claim}` in them."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import IdentityUnavailable
from gateway.identity.token.templates import fill_text, fill_url

URL = "https://directory.example/{tid}/users/{oid}/groups"


@pytest.mark.parametrize(
    ("template", "claims", "expected"),
    [
        (URL, {"tid": "t", "oid": "o"}, "https://directory.example/t/users/o/groups"),
        ("https://d.example/{id}", {"id": 42}, "https://d.example/42"),
        ("https://d.example/{act.sub}", {"act": {"sub": "a"}}, "https://d.example/a"),
        ("https://d.example/groups", {}, "https://d.example/groups"),
        ("https://d.example/{id}", {"id": "{sub}", "sub": "x"}, "https://d.example/%7Bsub%7D"),
    ],
)
def test_claims_take_their_places_in_a_url(
    template: str, claims: dict[str, object], expected: str
) -> None:
    assert fill_url(template, claims) == expected


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("../admin", "..%2Fadmin"),
        ("a?b=c#d", "a%3Fb%3Dc%23d"),
        ("a%2Fb", "a%252Fb"),
        ("a@evil.example", "a%40evil.example"),
        ("\r\nHost: x", "%0D%0AHost%3A%20x"),
        ("é", "%C3%A9"),
    ],
)
def test_a_value_stays_in_its_segment(value: str, segment: str) -> None:
    assert fill_url("https://d.example/{id}/groups", {"id": value}) == (
        f"https://d.example/{segment}/groups"
    )


@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_value_changes_the_shape_of_a_url(value: str) -> None:
    if value in (".", ".."):
        return

    parts = urlsplit(fill_url("https://d.example/{id}/groups", {"id": value}))

    assert (parts.netloc, parts.query, parts.fragment) == ("d.example", "", "")
    assert parts.path.count("/") == 2


@pytest.mark.parametrize("value", [None, "", ".", "..", True, 1.5, ["a"], {"a": 1}])
def test_a_claim_that_cannot_be_a_segment_leaves_nothing_to_ask(value: object) -> None:
    with pytest.raises(IdentityUnavailable):
        fill_url("https://d.example/{id}", {"id": value})


def test_a_missing_claim_leaves_nothing_to_ask() -> None:
    with pytest.raises(IdentityUnavailable):
        fill_url(URL, {"tid": "t"})


@pytest.mark.parametrize(
    ("template", "member", "expected"),
    [
        ("{}", "a", "a"),
        ("{}", 7, "7"),
        ("team:{}", "a", "team:a"),
        ("{org.login}/{slug}", {"org": {"login": "acme"}, "slug": "core"}, "acme/core"),
        ("everyone", {}, "everyone"),
        ("{}", "{x}", "{x}"),
        ("{}", {"a": 1}, None),
        ("{}", None, None),
        ("{}", True, None),
        ("{id}", {"id": None}, None),
        ("{id}", {"id": ["a"]}, None),
        ("{id}", {"name": "a"}, None),
        ("{id}", "a", None),
        ("{org.login}/{slug}", {"slug": "core"}, None),
    ],
)
def test_a_member_becomes_a_text_or_nothing(
    template: str, member: object, expected: str | None
) -> None:
    assert fill_text(template, member) == expected
