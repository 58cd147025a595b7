"""A certified provider in four configurations, each with the official client logging in."""

import pytest

from tests.support.gateway import running_gateway
from tests.support.identity_provider import GATEWAY_CLIENT, Tokens, running_oidc_provider
from tests.support.mcp_servers import running_mcp_server
from tests.support.oauth_client import Person, connected_client
from tests.support.ports import reserved_port

CONFIG = """\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers:
  corp: {{issuer: "{issuer}"{more}}}
servers:
  mcp: {{upstream: "{upstream}", allow: any, auth: {{{auth}}}}}
"""
INTROSPECTION = f", introspection: {{{GATEWAY_CLIENT}}}"
USERINFO = ", userinfo: {insecure_accept_any_audience: true}"


async def _identity(tokens: Tokens, more: str, auth: str = "scopes: [mcp:read]") -> dict[str, str]:
    """Log in, call a tool, and return the identity that its server saw."""
    with (
        running_oidc_provider(tokens) as provider,
        running_mcp_server("stateless") as upstream,
        reserved_port() as port,
    ):
        config = CONFIG.format(
            port=port, issuer=provider.issuer, more=more, upstream=upstream, auth=auth
        )
        async with running_gateway(config):
            person = Person(f"http://127.0.0.1:{port}/mcp")
            async with connected_client(person, "auto") as client:
                result = await client.call_tool("whoami", {})
    assert result.structured_content is not None
    return dict(result.structured_content)


@pytest.mark.parametrize("tokens", ["RS256", "ES256"])
async def test_signed_tokens_are_verified_with_the_providers_keys(tokens: Tokens) -> None:
    seen = await _identity(tokens, "")

    assert seen["x-user-id"] == "ada"


@pytest.mark.requirement("117", "119")
async def test_opaque_tokens_are_introspected() -> None:
    seen = await _identity("opaque", INTROSPECTION)

    assert (seen["x-user-id"], seen["x-user-scopes"]) == ("ada", "mcp:read")


@pytest.mark.requirement("123")
async def test_unbound_tokens_are_shown_to_userinfo_where_the_operator_wants_it() -> None:
    # Asked for and not demanded: a description of a user does not say which scopes were granted.
    seen = await _identity("unbound", USERINFO, "scopes_supported: [openid]")

    assert seen["x-user-id"] == "ada"


@pytest.mark.requirement("9")
async def test_unbound_tokens_are_refused_where_they_must_prove_their_audience(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(BaseExceptionGroup):
        await _identity("unbound", INTROSPECTION, "scopes_supported: [openid]")

    assert '"reason":"wrong_audience"' in capfd.readouterr().out
