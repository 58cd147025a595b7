"""Which issuers clients are sent to."""

import pytest

from gateway.config.checks.hints import find_hints
from gateway.config.reading.login import login_issuers, provider_redirect_uri
from tests.unit.config.samples import SHORT, messages, review

pytestmark = pytest.mark.requirement("B3")
CONFIG = """\
public_url: https://gw.example.com
tls: {{cert_file: c, key_file: k}}
issuers:
  ci: {{preset: github-actions, require: {{repository: "acme/*"}}}}
  corp: {{issuer: "https://corp.example"{corp}}}
  hub: {{issuer: "https://hub.example"}}
servers:
  one:
    upstream: http://127.0.0.1:9000/mcp
    auth: {{scopes: [a]{auth}}}
    allow: {allow}
"""


def _found(text: str) -> tuple[list[str], list[str]]:
    """The issuers, and what `config check` says of logging in."""
    reviewed = review(text).config
    assert reviewed is not None
    hints = [each.message for each in find_hints(reviewed) if "log in" in each.message]
    return list(login_issuers(reviewed, reviewed.servers["one"])), hints


@pytest.mark.parametrize(
    ("corp", "auth", "advertised"),
    [
        ("", "", ["corp", "hub"]),
        (", advertise: false", "", ["hub"]),
        ("", ", authorization_servers: [hub, corp]", ["hub", "corp"]),
        ("", ", authorization_servers: [ci]", ["ci"]),
        ("", ", issuers: [hub, ci, corp]", ["hub", "corp"]),
    ],
)
def test_those_with_a_login_in_an_order_of_their_own(
    corp: str, auth: str, advertised: list[str]
) -> None:
    assert _found(CONFIG.format(corp=corp, auth=auth, allow="any")) == (advertised, [])


@pytest.mark.parametrize(("allow", "told"), [("any", 1), ("anonymous", 0)])
def test_config_check_says_when_none_is_left(allow: str, told: int) -> None:
    names, hints = _found(CONFIG.format(corp="", auth=", issuers: [ci]", allow=allow))

    assert names == []
    assert len(hints) == told


def test_an_issuer_must_be_one_of_the_servers() -> None:
    auth = ", issuers: [corp], authorization_servers: [hub]"

    (message,) = messages(CONFIG.format(corp="", auth=auth, allow="any"))

    assert "nothing is named 'hub'" in message


def test_the_local_issuer_has_no_login_and_nobody_is_told_so_twice() -> None:
    local = CONFIG.replace(
        'issuer: "https://hub.example"', 'issuer: "https://gw.example.com", local: true'
    )
    auth = ", issuers: [hub]"

    assert _found(local.format(corp="", auth=auth, allow="any")) == ([], [])


def test_redirect_uri_for_the_provider_is_below_the_local_issuer() -> None:
    text = (
        "public_url: https://mcp.example.com\nupstream: http://127.0.0.1:9000/mcp\nissuer: local\n"
        "allow: any\nauthorization_server: {provider: {preset: google, client_id: c,"
        " client_secret: s}}\n"
    )

    config = review(text).config

    assert config is not None
    assert provider_redirect_uri(config) == "https://mcp.example.com/authorize/callback"


@pytest.mark.parametrize("server", ["", "authorization_server: {}\n"])
def test_without_a_provider_nothing_is_to_be_registered(server: str) -> None:
    config = review(SHORT.replace("https://idp.example.com", "local") + server).config

    assert config is not None
    assert provider_redirect_uri(config) is None
