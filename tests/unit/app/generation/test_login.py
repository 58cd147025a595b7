"""What clients are told about logging in."""

import pytest

from gateway.app.generation.login import authorization_servers, login_scopes, own_origin_issuer
from gateway.config.model import Config, Server
from tests.unit.config.samples import review

CONFIG = """\
public_url: https://gw.example.com
issuers:
  own: {{issuer: "https://gw.example.com", local: true}}
  ci: {{issuer: "https://ci.example", advertise: false}}
  entra: {{preset: entra, tenants: [t1, t2]}}
servers:
  one:
    upstream: http://127.0.0.1:9000/mcp
    auth: {{issuers: {issuers}, scopes: [read], audiences: ["1111"]}}
    allow: any
"""


def _configured(issuers: str) -> tuple[Config, Server]:
    config = review(CONFIG.format(issuers=issuers)).config
    assert config is not None
    return config, config.servers["one"]


@pytest.mark.requirement("B3")
@pytest.mark.parametrize(
    ("issuers", "urls", "origin"),
    [
        ("[own, ci, entra]", ["t1", "t2"], "entra"),
        ("[own, ci]", [], "own"),
        ("[ci]", [], None),
    ],
)
def test_the_origin_speaks_for_the_first_that_is_advertised(
    issuers: str, urls: list[str], origin: str | None
) -> None:
    configured = _configured(issuers)

    assert authorization_servers(*configured) == [
        f"https://login.microsoftonline.com/{tenant}/v2.0" for tenant in urls
    ]
    assert own_origin_issuer(*configured) == origin


@pytest.mark.requirement("B2")
def test_the_entra_preset_makes_a_login_ask_for_whole_names() -> None:
    assert login_scopes(*_configured("[entra]")) == {"api://1111/read"}
    assert login_scopes(*_configured("[ci]")) == {"read"}
