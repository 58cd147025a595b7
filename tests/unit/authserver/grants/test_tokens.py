import pytest

from gateway.authserver.grants.families import Family
from gateway.authserver.grants.tokens import Made, Tokens
from gateway.authserver.login.login_method import Person
from gateway.config.authorization_server import AuthorizationServer as Settings
from tests.support.authorization_server import NOW, Setting, Site, running_authorization_server
from tests.support.grants import ADA, claims_of, code_of, header_of, redeem

MADE = Made("token-1", "refresh-1", NOW)
SCOPES = frozenset({"mcp:write", "mcp:read"})


def family_of(person: Person = ADA, dpop_key: str | None = None) -> Family:
    return Family("login-1", person, "https://mcp.example/mcp", SCOPES, NOW - 100, dpop_key)


def token_of(site: Site, family: Family) -> str:
    return site.server.grants.tokens.access_token(family, "desk", SCOPES, MADE)


@pytest.mark.requirement("59", "92")
async def test_access_token_says_what_the_profile_wants(site: Site) -> None:
    """RFC 9068 §2.1, §2.2."""
    token = token_of(site, family_of())

    header = header_of(token)
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    assert repr(header["kid"]) in repr(site.server.grants.signer.jwks())
    assert claims_of(token) == {
        "iss": site.issuer,
        "sub": "ada",
        "aud": "https://mcp.example/mcp",
        "client_id": "desk",
        "iat": NOW,
        "exp": NOW + 3600,
        "jti": "token-1",
        "scope": "mcp:read mcp:write",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada",
        "groups": ["dev"],
        "sid": "login-1",
        "auth_time": NOW - 100,
    }


@pytest.mark.requirement("59")
async def test_access_token_lives_as_configured_and_says_so() -> None:
    async with running_authorization_server(
        Setting(Settings.model_validate({"access_token": "300s"}))
    ) as site:
        answer = await redeem(site, code_of(site))

    claims = claims_of(answer["access_token"])
    assert answer["expires_in"] == 300
    assert claims["exp"] == claims["iat"] + 300  # type: ignore[operator]  # numbers


@pytest.mark.requirement("59")
@pytest.mark.parametrize("lifetime", ["59s", "3601s", "2h"])
def test_no_access_token_is_configured_to_live_longer_than_an_hour(lifetime: str) -> None:
    with pytest.raises(ValueError, match="than or equal"):
        Settings.model_validate({"access_token": lifetime})


async def test_claims_of_a_login_replace_none_of_the_servers_own(site: Site) -> None:
    claims = {"sub": "root", "aud": "https://evil.example", "cnf": {"jkt": "x"}, "tenant": "t"}
    person = Person("ada", claims=claims)

    told = claims_of(token_of(site, family_of(person)))

    assert (told["sub"], told["aud"], told["tenant"]) == ("ada", "https://mcp.example/mcp", "t")
    assert "cnf" not in told


async def test_token_of_a_key_names_the_key_and_its_kind(site: Site) -> None:
    """RFC 9449 §5, §6.1."""
    tokens = site.server.grants.tokens

    bound = claims_of(token_of(site, family_of(dpop_key="thumbprint")))
    kinds = [tokens.answer("t", SCOPES, key, 60)["token_type"] for key in ("thumbprint", None)]

    assert bound["cnf"] == {"jkt": "thumbprint"}
    assert kinds == ["DPoP", "Bearer"]


@pytest.mark.requirement("135")
async def test_answer_always_tells_scope_and_life(site: Site) -> None:
    """RFC 6749 §3.3, §5.1."""
    tokens: Tokens = site.server.grants.tokens

    assert tokens.answer("t", SCOPES, None, 59.9) == {
        "access_token": "t",
        "token_type": "Bearer",
        "expires_in": 59,
        "scope": "mcp:read mcp:write",
    }
    assert tokens.answer("t", frozenset(), None, 0.2)["expires_in"] == 1
