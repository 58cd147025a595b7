"""Which resource a URI may be read as. The vectors of RFC 3986 §6.2.2 are among them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.uri import Ambiguous, parse_pattern, parse_template, parse_uri

pytestmark = pytest.mark.requirement("A3")


def whole(uri: str) -> str:
    return parse_uri(uri)[0].text


@pytest.mark.parametrize(
    ("uri", "same"),
    [
        ("file:///a/%70rivate/x.key", "file:///a/private/x.key"),
        ("file:///a/private/x.ke%79", "file:///a/private/x.key"),
        ("FILE:///a/x", "file:///a/x"),
        ("file:/a/x", "file:///a/x"),
        ("file://localhost/a/x", "file:///a/x"),
        ("file://LOCALHOST/a/x", "file:///a/x"),
        ("file:///a/x%21%40%3b", "file:///a/x!@;"),
        ("file:///a/%c3%a9", "file:///a/\u00e9"),
        ("HTTP://www.EXAMPLE.com/", "http://www.example.com/"),
        ("http://www.example.com", "http://www.example.com/"),
        ("http://www.example.com:80/", "http://www.example.com/"),
        ("https://www.example.com:/", "https://www.example.com/"),
        ("http://%65xample.com/%7Esmith", "http://example.com/~smith"),
        ("note://Ada@HOST/%61", "note://Ada@host/a"),
        ("x:a?b%61=%26", "x:a?ba=%26"),
        ("urn:a:%62", "urn:a:b"),
        ("a%20b", "a b"),
    ],
)
def test_two_spellings_of_one_resource_are_one_text(uri: str, same: str) -> None:
    assert whole(uri) == same


@pytest.mark.parametrize(
    "uri",
    [
        "file:///a/private%2fx.key",
        "file:///a/x.key%00",
        "file:///a/x.key\x00.txt",
        "file:///a/x.key?",
        "file:///a/x.key#",
        "file:///a/x.key?.txt",
        "file:///a/x.key#.txt",
        "file:///a//private/x.key",
        "file:///a/./x.key",
        "file:///a/%2e/x.key",
        "file:///b/../a/x.key",
        "file:///a/..",
        "file:///a/%5cx",
        "file:///a\\x",
        "file:///a/%2570rivate",
        "file:///a/x%3f",
        "file:///a/x%23",
        "file:///a/x%7f",
        "file:///a/%c0%ae",
        "file:///a/%zz",
        "file:///a/100%",
        "file:///a /x",
        "file:///a\u2028",
        "file:a/x",
        "fil%65:/a/x",
        "x:a?",
        "x:a#",
        "x:a?b/../c",
        "https://user@example.com/x",
        "https://example.com./x",
        "https://ex\u00e4mple.com/x",
        "https://example.com/x;v=1",
        "../b",
        "x:%2e%2e",
    ],
)
def test_a_uri_that_readers_take_for_different_things_has_no_text(uri: str) -> None:
    with pytest.raises(Ambiguous):
        parse_uri(uri)


@pytest.mark.parametrize(
    ("uri", "readings"),
    [
        ("x:a", ["x:a"]),
        ("x:a?b", ["x:a?b", "x:a"]),
        ("x:a#b", ["x:a#b", "x:a"]),
        ("x:a?b#c", ["x:a?b#c", "x:a?b", "x:a"]),
        ("x:a/", ["x:a/", "x:a"]),
        ("https://h/", ["https://h/"]),
    ],
)
def test_what_a_server_may_overlook_makes_a_reading_of_its_own(
    uri: str, readings: list[str]
) -> None:
    assert [each.text for each in parse_uri(uri)] == readings
    assert {each.whole for each in parse_uri(uri)} == {uri}


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("*", ["*"]),
        ("file:*", ["file://*"]),
        ("FILE:/pub/%61*", ["file:///pub/a*"]),
        ("file:///a?b/*", ["file:///a?b/*"]),
        ("file:///%2a/[*]", ["file:///[*]/[*]"]),
        ("https://*.Example.com/*", ["https://*.example.com/*"]),
        ("https://*", ["https://*"]),
        ("https://example.com", ["https://example.com/"]),
        ("file:///a/b/", ["file:///a/b/", "file:///a/b"]),
        ("x:*/", ["x:*/"]),
        ("x:%2f*", ["x:%2f*"]),
        ("http*", ["http*"]),
    ],
)
def test_the_globs_of_rules_are_about_normal_forms_too(pattern: str, meant: list[str]) -> None:
    assert parse_pattern(pattern) == meant


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("file:///pub/{x}", "file:///pub/{}"),
        ("file:///pub{/x*}{.ext}", "file:///pub/{}.{}"),
        ("x:a{?q,r}{&s}{#f}{;p}", "x:a"),
        ("x:{+path}/b", "x:{}/b"),
    ],
)
def test_of_a_template_stays_what_it_can_expand_to(template: str, text: str) -> None:
    assert parse_template(template) == text


@given(st.text("aA%2f70:/.?#@;[]{}\u00e9 ", max_size=20))
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    for uri in (text, f"file:///{text}", f"https://h/{text}", f"x:{text}"):
        try:
            first = whole(uri)
            again = whole(first)
        except Ambiguous:
            continue
        assert again == first


@given(st.text("aA270/.-_é", min_size=1, max_size=12))
def test_every_escaped_spelling_has_the_reading_of_the_plain_one(text: str) -> None:
    escaped = "".join(
        each if each == "/" else "".join(f"%{byte:02x}" for byte in each.encode()) for each in text
    )
    try:
        plain = parse_uri(f"file:///{text}")
    except Ambiguous:
        with pytest.raises(Ambiguous):
            parse_uri(f"file:///{escaped}")
        return
    assert parse_uri(f"file:///{escaped}") == plain
