from tests.support.authorization_server import running_authorization_server
from tests.support.login_pages import PersonsBrowser


async def test_person_logs_in_and_the_client_gets_tokens_and_refreshes_them() -> None:
    async with running_authorization_server() as site, PersonsBrowser() as browser:
        client = await site.registered()

        page = await browser.log_in(client.authorize_url(scope="mcp:write offline_access"))
        status, answer = await client.exchange(page.answer["code"])
        again, refreshed = await client.refresh(str(answer["refresh_token"]))

    assert page.answer["state"] == "of-the-client"
    assert page.answer["iss"] == site.issuer
    assert (status, again) == (200, 200), (answer, refreshed)
    assert answer["scope"] == refreshed["scope"] == "mcp:write"
    assert answer["token_type"] == "Bearer"  # noqa: S105  # a kind of token
    assert refreshed["refresh_token"] != answer["refresh_token"]
    assert [step for step, reason in site.steps if reason == "ok"] == [
        "register",
        "authorize",
        "consent",
        "login",
        "token",
        "refresh",
    ]
