import pytest

from tests.support.authorization_server import Site
from tests.support.login_pages import PersonsBrowser


@pytest.mark.requirement("152")
@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_revoking_one_token_ends_the_login(
    site: Site, browser: PersonsBrowser, kind: str
) -> None:
    """RFC 7009 §2.1."""
    client = await site.registered()
    page = await browser.log_in(client.authorize_url())
    _, tokens = await client.exchange(page.answer["code"])

    status, _, _ = await client.post("/revoke", token=str(tokens[kind]))
    refreshed, answer = await client.refresh(str(tokens["refresh_token"]))

    assert status == 200
    assert (refreshed, answer["error"]) == (400, "invalid_grant")
    assert len(site.voided) == 1


@pytest.mark.requirement("152")
async def test_token_of_nobody_or_of_another_client_changes_nothing_and_is_no_error(
    site: Site, browser: PersonsBrowser
) -> None:
    """RFC 7009 §2.2."""
    client, other = await site.registered(), await site.registered()
    page = await browser.log_in(client.authorize_url())
    _, tokens = await client.exchange(page.answer["code"])

    told = [
        await client.post("/revoke", token="x"),  # noqa: S106  # an example
        await other.post("/revoke", token=str(tokens["refresh_token"])),
        await other.post("/revoke", token=str(tokens["access_token"])),
    ]

    assert [status for status, _, _ in told] == [200] * 3
    assert site.voided == []


@pytest.mark.requirement("152")
async def test_unknown_client_revokes_nothing(site: Site) -> None:
    client = site.client()
    client.client_id = "unknown"

    status, answer, _ = await client.post("/revoke", token="x")  # noqa: S106  # an example

    assert (status, answer["error"]) == (401, "invalid_client")
