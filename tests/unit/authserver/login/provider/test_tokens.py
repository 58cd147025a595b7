import pytest

from tests.support.authorization_server import Site
from tests.support.issuer_service import Scene
from tests.support.login_pages import PersonsBrowser
from tests.support.login_provider import HandProvider
from tests.unit.authserver.login.provider.test_login import sent_to_provider


@pytest.mark.parametrize(
    ("scene", "status", "reason"),
    [
        (Scene({"error": "invalid_grant"}, 400), 403, "provider_refused"),
        (Scene({"error": "invalid_request"}, 400), 403, "provider_refused"),
        (Scene({"error": "invalid_client"}, 401), 503, "idp_unavailable"),
        (Scene({"error": "invalid_client"}, 400), 503, "idp_unavailable"),
        (Scene({"error": "unauthorized_client"}, 400), 503, "idp_unavailable"),
        (Scene({"error": "temporarily_unavailable"}, 400), 503, "idp_unavailable"),
        (Scene(status=500), 503, "idp_unavailable"),
        (Scene({"token_type": "Bearer"}), 503, "idp_unavailable"),
        (Scene(b"access_token=x"), 503, "idp_unavailable"),
    ],
)
async def test_answer_that_is_no_token_is_a_page(
    site: Site,
    browser: PersonsBrowser,
    provider: HandProvider,
    scene: Scene,
    status: int,
    reason: str,
) -> None:
    _, page = await sent_to_provider(site, browser)
    provider.service.scenes["/token"] = scene

    shown = await browser.open(provider.callback(page.goes_to))

    assert (shown.status, shown.goes_to) == (status, "")
    assert site.steps[-1] == ("login", reason)


async def test_no_code_of_a_persons_own_making_opens_the_circuit_for_others(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    for _ in range(20):
        _, page = await sent_to_provider(site, browser)
        await browser.open(provider.callback(page.goes_to, code="made-up"))

    _, page = await sent_to_provider(site, browser)
    back = await browser.open(provider.callback(page.goes_to))

    assert "code" in back.answer


async def test_scopes_are_sent_again_with_a_refresh_token(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    """Some answer a refresh without them by an error."""
    client, page = await sent_to_provider(site, browser)
    back = await browser.open(provider.callback(page.goes_to))
    _, answer = await client.exchange(back.answer["code"])
    site.clock.advance(900)
    provider.now += 900

    await client.refresh(str(answer["refresh_token"]))

    asked = provider.service.asked[-1]
    assert asked.form["scope"] == "openid email profile offline_access"
    assert asked.headers["Authorization"].startswith("Basic ")
    assert "resource" not in asked.form
