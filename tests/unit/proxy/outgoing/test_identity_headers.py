import string
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import AccessDenied, IdentityUnavailable
from gateway.identity.principal import Principal
from gateway.proxy.outgoing.identity_bounds import Bounds, Shortened
from gateway.proxy.outgoing.identity_headers import IdentityHeader, build_identity, check_source

VISIBLE = set((string.digits + string.ascii_letters + string.punctuation + " ").encode())


def told(source: str, fields: dict[str, object], *, required: bool = False) -> str | None:
    """The value of one identity header, None when it is left out."""
    known = {"issuer": "https://idp.example", "subject": "ada"} | fields
    principal = Principal(**known)  # type: ignore[arg-type] # fields are data here
    lines = build_identity(principal, [IdentityHeader("X-Told", source, required)], Bounds()).lines
    return lines.decode()[len("X-Told: ") : -2] if lines else None


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("subject", "ada", "ada"),
        ("name", "Ada Lovelace", "Ada Lovelace"),
        ("name", "Łovelace, Ada", "%C5%81ovelace, Ada"),
        ("name", " ada  ", "%20ada%20%20"),
        ("name", "  ", "%20%20"),
        ("name", "100%", "100%25"),
        ("name", "a\r\nX-User-Id: root\0", "a%0D%0AX-User-Id: root%00"),
        ("name", "\ud800", "%ED%A0%80"),
        ("groups", ("a", "b,c", ""), "a,b%2Cc"),
        ("scopes", frozenset({"mcp:write", "mcp:read"}), "mcp:read,mcp:write"),
    ],
)
@pytest.mark.requirement("I8")
def test_values_are_encoded_and_never_cut(source: str, value: object, expected: str) -> None:
    assert told(source, {source: value}) == expected


@pytest.mark.requirement("I8")
@given(st.text(alphabet=st.characters(), min_size=1, max_size=300))
def test_any_value_is_one_visible_line_and_reads_back(value: str) -> None:
    encoded = told("name", {"name": value})

    assert encoded is not None
    assert set(encoded.encode()) <= VISIBLE
    assert encoded == encoded.strip()
    assert unquote(encoded, errors="surrogatepass") == value


@pytest.mark.requirement("I8")
@given(st.lists(st.text(alphabet=st.characters(), min_size=1), min_size=1))
def test_any_list_reads_back(members: list[str]) -> None:
    encoded = told("groups", {"groups": tuple(members)})

    assert encoded is not None
    assert [unquote(each, errors="surrogatepass") for each in encoded.split(",")] == members


@pytest.mark.requirement("I8")
def test_long_value_is_whole() -> None:
    assert told("name", {"name": "é" * 600}) == "%C3%A9" * 600


@pytest.mark.parametrize(
    ("claims", "path", "expected"),
    [
        ({"tenant": {"id": 7}}, "tenant.id", "7"),
        ({"verified": True}, "verified", "true"),
        ({"verified": False}, "verified", "false"),
        ({"teams": ["a", 1, None, {}]}, "teams", "a,1"),
        ({"https://x.example/role": "r"}, "https://x.example/role", "r"),
        ({"tenant": {"id": 7}}, "tenant", None),
        ({"tenant": None}, "tenant", None),
        ({}, "tenant", None),
    ],
)
def test_claims_are_told_by_path(
    claims: dict[str, object], path: str, expected: str | None
) -> None:
    assert told(f"claims.{path}", {"claims": claims}) == expected


@pytest.mark.requirement("I9")
@pytest.mark.parametrize("email", [None, ""])
def test_missing_value_leaves_the_header_out(email: str | None) -> None:
    assert told("email", {"email": email}) is None


@pytest.mark.requirement("I9")
def test_missing_required_value_denies_the_request() -> None:
    with pytest.raises(AccessDenied):
        told("email", {}, required=True)


@pytest.mark.requirement("I11")
def test_nobody_is_told_on_a_public_route() -> None:
    assert build_identity(None, [IdentityHeader("X-User-Id", "subject")], Bounds()).lines == b""


def test_public_route_cannot_meet_a_requirement() -> None:
    with pytest.raises(AccessDenied):
        build_identity(None, [IdentityHeader("X-User-Id", "subject", required=True)], Bounds())


@pytest.mark.parametrize("source", ["subject", "groups", "claims.tenant.id"])
def test_known_source_is_accepted(source: str) -> None:
    check_source(source)


@pytest.mark.parametrize("source", ["sub", "expires_at", "claims", "__class__"])
def test_unknown_source_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="no principal has"):
        check_source(source)


@pytest.mark.requirement("C7", "I9")
@pytest.mark.parametrize("required", [True, False])
def test_groups_that_nobody_knows_are_not_told_as_none(required: bool) -> None:
    with pytest.raises(IdentityUnavailable) as caught:
        told("groups", {"groups": None}, required=required)

    assert caught.value.reason == "groups_unknown"


@pytest.mark.requirement("I9")
def test_no_groups_leave_the_header_out() -> None:
    assert told("groups", {"groups": ()}) is None


def test_unknown_groups_do_not_matter_where_they_are_not_told() -> None:
    assert told("subject", {"groups": None}) == "ada"


MANY = Principal("https://idp", "ada", groups=tuple(f"group-{n:04}" for n in range(300)))
GROUPS = IdentityHeader("X-User-Groups", "groups")
INCOMPLETE = b"X-Gateway-Incomplete: X-User-Groups\r\n"


@pytest.mark.requirement("B7")
def test_of_too_long_a_list_only_what_conditions_name_is_told() -> None:
    bounds = Bounds(1000, named={"groups": frozenset({"group-0007", "group-0299", "other"})})

    lines, shortened = build_identity(MANY, [GROUPS], bounds)

    assert lines == b"X-User-Groups: group-0007,group-0299\r\n" + INCOMPLETE
    assert shortened == (Shortened("X-User-Groups", 300, 300 * 11 - 1),)


@pytest.mark.requirement("B7")
@pytest.mark.parametrize(
    "bounds",
    [
        Bounds(1000, keep_named=False, named={"groups": frozenset({"group-0007"})}),
        Bounds(1000),
        Bounds(1000, named={"groups": frozenset(MANY.groups or ())}),
    ],
    ids=["assertion", "none named", "too many named"],
)
def test_what_still_does_not_fit_is_left_out(bounds: Bounds) -> None:
    assert build_identity(MANY, [GROUPS], bounds).lines == INCOMPLETE
    with pytest.raises(AccessDenied):
        build_identity(MANY, [IdentityHeader("X-User-Groups", "groups", required=True)], bounds)


@pytest.mark.requirement("B7")
def test_a_text_that_is_too_long_is_left_out() -> None:
    long = Principal("https://idp", "ada", name="x" * 5000)

    lines, shortened = build_identity(long, [IdentityHeader("X-User-Name", "name")], Bounds())

    assert lines == b"X-Gateway-Incomplete: X-User-Name\r\n"
    assert shortened == (Shortened("X-User-Name", None, 5000),)


def test_what_fits_is_told_whole() -> None:
    lines, shortened = build_identity(MANY, [GROUPS], Bounds())

    assert lines.count(b",") == 299
    assert not shortened
