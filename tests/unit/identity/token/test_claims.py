import pytest

from gateway.config.issuer import Claims
from gateway.errors import InvalidToken
from gateway.identity.principal import Confirmation, Principal
from gateway.identity.token.claims import build_principal, find_claim, parse_confirmation

ISSUER = "https://as.example"


def _principal(paths: Claims | None = None, **claims: object) -> Principal:
    return build_principal(ISSUER, {"sub": "ada"} | claims, paths or Claims(), 5.0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sub", "ada"),
        ("realm_access.roles", ["admin"]),
        ("https://example.com/roles", ["ops"]),
        ("https://example.com/app.roles", ["dev"]),
        ("a.b.c", 1),
        ("realm_access.nothing", None),
        ("sub.deeper", None),
        ("nothing", None),
    ],
)
def test_claim_is_found_at_its_path(path: str, value: object) -> None:
    claims = {
        "sub": "ada",
        "realm_access": {"roles": ["admin"]},
        "https://example.com/roles": ["ops"],
        "https://example.com/app": {"roles": ["dev"]},
        "a.b": {"c": 1},
        "a": {"b": {"c": 2}},
    }

    assert find_claim(claims, path) == value


@pytest.mark.parametrize(
    ("claims", "path", "value"),
    [
        ({"a.b": 1, "a": {"b": 2}}, "a.b", 1),
        ({"a.b": None, "a": {"b": 2}}, "a.b", None),
        ({"a": {"b": 2}}, "a.b", 2),
        ({"a.b": {"x": 1}, "a": {"b": {"c": 2}}}, "a.b.c", 2),
        ({"a.b": {"c": None}, "a": {"b": {"c": 2}}}, "a.b.c", 2),
        ({"": {"x": 1}}, ".x", None),
        ({"a": {"": 1}}, "a.", 1),
    ],
)
def test_the_longest_name_that_leads_there_counts(
    claims: dict[str, object], path: str, value: object
) -> None:
    assert find_claim(claims, path) == value


def test_standard_claims_make_a_principal() -> None:
    principal = _principal(
        client_id="cli",
        scope="mcp:read mcp:write",
        email="ada@example.com",
        name="Ada",
        groups=["dev", "ops"],
        roles="admin",
    )

    assert principal.issuer == ISSUER
    assert principal.subject == "ada"
    assert principal.client_id == "cli"
    assert principal.scopes == {"mcp:read", "mcp:write"}
    assert (principal.email, principal.name) == ("ada@example.com", "Ada")
    assert principal.groups == ("dev", "ops")
    assert principal.roles == ("admin",)
    assert principal.expires_at == 5.0


@pytest.mark.parametrize(
    ("value", "members"),
    [
        ("", ()),
        ("a", ("a",)),
        (["", "a", "b", "a"], ("a", "b")),
        (["a", 7, None, ["b"], True], ("a",)),
        (7, ()),
        ({"a": "b"}, ()),
        (None, ()),
    ],
)
def test_groups_and_roles_are_texts_that_are_not_empty(
    value: object, members: tuple[str, ...]
) -> None:
    principal = _principal(groups=value, roles=value)

    assert (principal.groups, principal.roles) == (members, members)


def test_scopes_may_be_a_list_under_another_name() -> None:
    assert _principal(scp=["a", "b"]).scopes == {"a", "b"}


def test_first_scope_claim_decides_alone() -> None:
    assert _principal(scope="", scp="admin").scopes == frozenset()


@pytest.mark.requirement("A20")
@pytest.mark.parametrize(
    "scope",
    [
        ["mcp:read mcp:admin"],
        ["a", "b\tc"],
        "a\u00a0b  c",
        "a\tb",
        "a\nb",
        ["a\u2003b"],
        ["a\x00b"],
        [" a"],
    ],
)
def test_no_scope_has_a_blank_inside(scope: object) -> None:
    """RFC 6749 §3.3: one scope here would be two where they are split again."""
    with pytest.raises(InvalidToken, match="malformed"):
        _principal(scope=scope)


def test_spaces_separate_scopes_however_many() -> None:
    assert _principal(scope=" a  b ").scopes == {"a", "b"}


@pytest.mark.requirement("A20", "153")
@pytest.mark.parametrize("claims", [{"token_type": "DPoP"}, {"typ": "dpop"}])
def test_a_token_that_says_it_is_bound_must_say_to_what(claims: dict[str, object]) -> None:
    """RFC 9449 §6: as a bearer token it would be of use to a thief."""
    with pytest.raises(InvalidToken) as error:
        parse_confirmation(claims)

    assert error.value.reason == "sender_constrained"
    bound = parse_confirmation(claims | {"cnf": {"jkt": "k"}})
    assert bound == Confirmation(key_thumbprint="k")


def test_values_of_other_types_are_left_out() -> None:
    principal = _principal(client_id=7, scope={"a": 1}, email=["x"], groups=[1, "dev", None])

    assert principal.client_id is None
    assert principal.scopes == frozenset()
    assert principal.email is None
    assert principal.groups == ("dev",)


@pytest.mark.requirement("114")
@pytest.mark.parametrize("subject", ["", 7, None, ["ada"]])
def test_token_without_a_subject_is_refused(subject: object) -> None:
    with pytest.raises(InvalidToken):
        build_principal(ISSUER, {"sub": subject}, Claims(), None)


def test_claims_of_a_principal_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        _principal().claims["sub"] = "eve"  # type: ignore[index]  # that is the point


@pytest.mark.requirement("153", "157")
@pytest.mark.parametrize(
    ("cnf", "expected"),
    [
        ({"jkt": "abc"}, Confirmation(key_thumbprint="abc")),
        ({"x5t#S256": "abc"}, Confirmation(certificate_thumbprint="abc")),
    ],
)
def test_what_a_token_is_bound_to_travels_with_its_principal(
    cnf: object, expected: Confirmation
) -> None:
    """RFC 9449 §6.1, RFC 8705 §3.1."""
    assert (
        build_principal(ISSUER, {"sub": "ada", "cnf": cnf}, Claims(), None).confirmation == expected
    )


@pytest.mark.requirement("153", "157")
@pytest.mark.parametrize(
    "cnf", [{}, None, "x", {"jkt": 1}, {"x5t#S256": 1}, {"kid": "x"}, {"jkt": "x", "kid": "y"}]
)
def test_a_binding_that_nobody_understands_is_refused(cnf: object) -> None:
    with pytest.raises(InvalidToken):
        build_principal(ISSUER, {"sub": "ada", "cnf": cnf}, Claims(), None)


def test_groups_that_did_not_fit_are_unknown_and_not_none() -> None:
    paths = Claims(groups_overage=("_claim_names.groups", "hasgroups"))

    def groups(**claims: object) -> tuple[str, ...] | None:
        return build_principal(ISSUER, {"sub": "ada", **claims}, paths, None).groups

    assert groups(_claim_names={"groups": "src1"}) is None
    assert groups(hasgroups=True) is None
    assert groups(groups=["a"]) == ("a",)
    assert groups() == ()


def test_roles_are_gathered_from_every_place_once() -> None:
    paths = Claims(roles=("realm_access.roles", "resource_access.mcp.roles"))
    claims = {
        "sub": "ada",
        "realm_access": {"roles": ["a", "b"]},
        "resource_access": {"mcp": {"roles": ["b", "c"]}},
    }

    assert build_principal(ISSUER, claims, paths, None).roles == ("a", "b", "c")


def test_groups_are_gathered_too_and_an_overage_makes_all_of_them_unknown() -> None:
    paths = Claims(groups=("groups", "org.teams"), groups_overage=("hasgroups",))

    assert _principal(paths, groups=["a"], org={"teams": ["b", "a"]}).groups == ("a", "b")
    assert _principal(paths, groups=["a"], hasgroups=True).groups is None
    assert _principal(paths, groups=["a"], hasgroups=False).groups == ("a",)


def test_without_a_mark_for_it_no_claim_means_an_overage() -> None:
    assert _principal(_claim_names={"groups": "src1"}).groups == ()


def test_roles_do_not_hang_on_an_overage_of_groups() -> None:
    paths = Claims(groups_overage=("hasgroups",))

    assert _principal(paths, hasgroups=True, roles=["admin"]).roles == ("admin",)


def test_the_first_claim_that_names_a_client_counts() -> None:
    paths = Claims(client_id=("azp", "appid"))

    assert _principal(paths, azp="a", appid="b").client_id == "a"
    assert _principal(paths, azp="", appid="b").client_id == "b"
    assert _principal(paths, client_id="c").client_id is None


def test_what_revocation_goes_by_is_read() -> None:
    principal = _principal(iat=7, jti="t1", sid="s1")
    other = _principal(iat="7", jti=1, sid=["s1"])

    assert (principal.issued_at, principal.token_id, principal.session_id) == (7.0, "t1", "s1")
    assert (other.issued_at, other.token_id, other.session_id) == (None, None, None)


def test_a_token_without_a_binding_is_a_bearer_token() -> None:
    assert _principal().confirmation is None


@pytest.mark.requirement("A16")
@pytest.mark.parametrize("said", [False, None, "true", "yes", "no", "0", 1, [], [True], {}])
def test_only_true_verifies_an_address(said: object) -> None:
    assert not _principal(email="ada@example.com", email_verified=said).email_verified


@pytest.mark.requirement("A16")
@pytest.mark.parametrize(
    ("path", "claims", "verified"),
    [
        ("email", {"email": "a@x.example", "email_verified": True}, True),
        ("email", {"email": "a@x.example"}, False),
        ("profile.email", {"profile": {"email": "a@x.example", "email_verified": True}}, True),
        (
            "profile.email",
            {"profile": {"email": "a@x.example", "email_verified": False}, "email_verified": True},
            False,
        ),
        ("profile.email", {"profile": {"email": "a@x.example"}, "email_verified": True}, False),
        (
            "https://x.example/email",
            {"https://x.example/email": "a@x.example", "https://x.example/email_verified": True},
            True,
        ),
        (
            "https://x.example/email",
            {"https://x.example/email": "a", "email_verified": True},
            False,
        ),
        ("upn", {"upn": "a@x.example", "email_verified": True}, True),
    ],
)
def test_an_address_is_verified_beside_where_it_stands(
    path: str, claims: dict[str, object], verified: bool
) -> None:
    principal = build_principal(
        "https://idp.example", {"sub": "ada"} | claims, Claims(email=path), 1
    )

    assert principal.email_verified is verified


@pytest.mark.requirement("A16")
@pytest.mark.parametrize(
    ("how", "said", "verified"),
    [("always", False, True), ("text", "true", True), ("text", "false", False), ("text", 1, False)],
)
def test_an_issuer_may_verify_in_its_own_way(how: str, said: object, verified: bool) -> None:
    paths = Claims.model_validate({"email_verified": how})
    claims = {"sub": "ada", "email": "a@x.example", "email_verified": said}

    assert build_principal("https://idp.example", claims, paths, 1).email_verified is verified
