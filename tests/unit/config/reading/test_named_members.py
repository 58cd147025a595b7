import pytest

from gateway.config.allow import Allow
from gateway.config.issuer import Issuer
from gateway.config.model import Auth, Config, Server
from gateway.config.reading.named_members import named_members
from gateway.config.rule import Rule


@pytest.mark.requirement("B7")
def test_names_of_every_condition_are_collected() -> None:
    inner = Allow(any_of=(Allow(groups={"c"}), Allow(all_of=(Allow(scopes={"s"}),))))
    server = Server(
        upstream="http://127.0.0.1:9000",
        auth=Auth(scopes={"mcp:read"}),
        allow=Allow(groups={"a"}, roles={"r"}),
        rules=(Rule(allow="any"), Rule(allow=Allow(groups={"b"})), Rule(allow=inner)),
    )
    config = Config(
        public_url="https://mcp.example.com",
        issuers={"one": Issuer(issuer="https://idp.example")},
        roles={"admin": Allow(groups={"d"})},
        servers={"mcp": server},
    )

    assert named_members(config, server) == {
        "groups": {"a", "b", "c", "d"},
        "roles": {"r", "admin"},
        "scopes": {"s", "mcp:read"},
    }
