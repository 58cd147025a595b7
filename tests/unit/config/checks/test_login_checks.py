import pytest
import yaml

from tests.unit.config.samples import review

GOOD: dict[str, object] = {
    "issuer": "https://idp.example.com",
    "client_id": "c",
    "client_secret": "s",
}
OAUTH_ONLY: dict[str, object] = {
    "id_token": False,
    "authorization_url": "https://idp.example.com/authorize",
    "token_url": "https://idp.example.com/token",
    "userinfo": {"url": "https://idp.example.com/user"},
}


def problems(**changes: object) -> list[tuple[str, str]]:
    """Where below the provider, and what."""
    provider = {key: value for key, value in (GOOD | changes).items() if value is not None}
    document = {
        "public_url": "https://mcp.example.com",
        "issuer": "local",
        "upstream": "http://127.0.0.1:9000/mcp",
        "allow": "any",
        "authorization_server": {"provider": provider},
    }
    found = review(yaml.safe_dump(document)).problems
    return [(".".join(map(str, each.path[2:])), each.message) for each in found]


@pytest.mark.parametrize("changes", [{}, OAUTH_ONLY, {"issuer": "http://127.0.0.1:8080/realms/a"}])
def test_good_provider_has_no_problems(changes: dict[str, object]) -> None:
    assert problems(**changes) == []


@pytest.mark.parametrize(
    ("changes", "where", "word"),
    [
        ({"client_secret": None}, "", "client_secret_file"),
        ({"client_auth": "private_key_jwt"}, "", "client_key_file"),
        ({"issuer": "http://idp.example.com"}, "issuer", "insecure_http: true"),
        ({"token_url": "http://idp.example.com/t"}, "token_url", "plain http"),
        ({"parameters": {"state": "x"}}, "parameters.state", "sends this one itself"),
        ({"scopes": ["email"]}, "scopes", "openid"),
        ({"id_token": False}, "id_token", "userinfo.url"),
        (OAUTH_ONLY | {"identity_assertions": True}, "identity_assertions", "without ID tokens"),
        (OAUTH_ONLY | {"userinfo": {}}, "id_token", "userinfo.url"),
        ({"max_stale": "1m"}, "max_stale", "at least as long as recheck"),
        ({"issuer": "https://login.example/{tenantid}/v2.0"}, "tenants", "name the tenants"),
        (
            {
                "group_lookup": {
                    "url": "https://graph.example/{oid}",
                    "credentials": {
                        "client_id": "c",
                        "client_secret": "s",
                        "token_url": "https://idp.example.com/t",
                    },
                }
            },
            "group_lookup",
            "claims.groups_overage",
        ),
    ],
)
def test_mistake_is_told_with_its_place(changes: dict[str, object], where: str, word: str) -> None:
    ((place, message),) = problems(**changes)

    assert place == where
    assert word in message


def test_plain_http_may_be_asked_for() -> None:
    assert problems(issuer="http://idp.example.com", insecure_http=True) == []
