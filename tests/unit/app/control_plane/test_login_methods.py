"""The login at a provider within the gateway."""

from tests.support.gateway import running_gateway, short_config
from tests.support.login_pages import OAuthClient, PersonsBrowser
from tests.support.login_provider import CODE, running_hand_provider
from tests.support.recording_upstream import RecordingUpstream


async def test_provider_takes_the_place_of_the_accounts(port: int) -> None:
    async with RecordingUpstream() as upstream, running_hand_provider() as provider:
        section = (
            "authorization_server: {provider: {issuer: "
            f"{provider.issuer}, client_id: gateway, client_secret: s}}}}\n"
        )
        async with running_gateway(short_config(port, upstream.url, "local", more=section)):
            client = OAuthClient(f"http://127.0.0.1:{port}")
            await client.register()
            async with PersonsBrowser() as browser:
                page = await browser.consent(client.authorize_url())
                refused = await browser.open(provider.callback(page.goes_to, iss="https://x"))

        upstream.assert_untouched()
    assert page.goes_to.startswith(provider.issuer)
    assert (refused.status, refused.goes_to) == (403, "")
    assert CODE not in refused.html
