"""Addresses and domains as rules compare them."""

import pytest

from gateway.config.email_address import check_domain, check_email, parse_domain, parse_email

pytestmark = pytest.mark.requirement("A16")


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Example.COM", "example.com"),
        ("gro\u00df.com", "xn--gro-7ka.com"),
        ("\u00e4pfel.EXAMPLE", "xn--pfel-koa.example"),
        ("xn--GRO-7ka.com", "xn--gro-7ka.com"),
        ("localhost", "localhost"),
    ],
)
def test_a_domain_is_compared_in_a_labels_and_small_letters(text: str, domain: str) -> None:
    assert parse_domain(text) == domain


@pytest.mark.parametrize(
    "text",
    ["", ".", "a..b", "a.", "a b", "ban\u212a.com", "\uff45x.org", "ex\u3002org", "[127.0.0.1]",
     "a" * 64 + ".com", "a." * 127 + "com", "a@b", "gro\u1e9e.com", "a\n"],
)  # fmt: skip
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a domain"):
        parse_domain(text)


def test_an_address_has_two_parts() -> None:
    assert parse_email("Ada.K+x@Ex.org") == ("ada.k+x", "ex.org")
    # Only ASCII has letters that are the same in another case.
    assert parse_email("\u212a@ex.org") == ("\u212a", "ex.org")


@pytest.mark.parametrize(
    "text",
    ["", "@", "@ex.org", "ada@", "a@b@ex.org", "evil.com,a@ex.org", '"a"@ex.org', "a b@ex.org",
     "<a@ex.org>", "a\u00a0@ex.org", "a\n@ex.org", "a;b@ex.org", "x" * 65 + "@ex.org"],
)  # fmt: skip
def test_what_only_looks_like_an_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a"):
        parse_email(text)


def test_a_configuration_keeps_what_was_written() -> None:
    assert check_domain("@Ex.org") == "@Ex.org"
    assert check_email("Ada@Ex.org") == "Ada@Ex.org"
