"""What no single value shows."""

import pytest

from tests.unit.config.samples import FULL, SHORT, messages, review

SERVER = "allow: any"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (SERVER, "allow: any, auth: {issuers: [defalt]}", "did you mean 'default'?"),
        (SERVER, "allow: any, auth: {issuers: [zzz]}", "there are: default"),
        (SERVER, "allow: any, path: /health", "belongs to the gateway itself"),
        (SERVER, "allow: any, path: /.well-known/x", "belongs to the gateway itself"),
        (SERVER, "allow: any, auth: {audiences: ['']}", "an empty audience"),
        (SERVER, "allow: any, resource: 'https://a#b'", "absolute URI"),
        (SERVER, "allow: any, allowed_origins: ['https://a/']", "expected an origin"),
        (
            SERVER,
            "allow: any, forward: {identity_headers: {X-A: subject, x_a: subject}}",
            "take it for",
        ),
        (SERVER, "allow: any, forward: {identity_headers: {Host: subject}}", "a meaning already"),
        (SERVER, "allow: any, forward: {identity_headers: {X-A: sub}}", "expected subject, email"),
        (SERVER, "allow: any, forward: {required: [X-Other]}", "none of the identity headers"),
        ("issuers:", "default_server: nope\nissuers:", "nothing is named 'nope'"),
        ("https://mcp", "http://mcp", "insecure_http_public_url"),
        ("https://idp", "http://idp", "insecure_http: true"),
    ],
)
def test_a_conflict_is_found(old: str, new: str, message: str) -> None:
    assert any(message in each for each in messages(FULL.replace(old, new))), new


def test_two_servers_cannot_share_a_url() -> None:
    assert "the same URL" in messages(FULL + "  b: {upstream: 'http://b', allow: any}\n")[0]


def test_no_issuer_at_all_is_refused() -> None:
    assert "at least one issuer is needed" in messages(
        FULL.replace('{default: {issuer: "https://idp.example.com"}}', "{}")
    )


@pytest.mark.requirement("56")
@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
def test_plain_http_is_fine_on_this_machine(host: str) -> None:
    assert messages(SHORT.replace("https://mcp.example.com", f"http://{host}")) == []


def test_plain_http_elsewhere_must_be_asked_for_by_an_insecure_name() -> None:
    text = SHORT.replace("https://mcp", "http://mcp") + "insecure_http_public_url: true\n"

    assert messages(text) == []


@pytest.mark.parametrize("allow", ["", "allow: {}\n"])
def test_a_server_without_allow_is_warned_about(allow: str) -> None:
    (warning,) = review(SHORT.replace("allow: any\n", allow)).warnings

    assert "nobody gets in" in warning.message
