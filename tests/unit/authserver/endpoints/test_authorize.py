import pytest
from aiohttp import ClientSession

from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.config.authorization_server import ConfiguredClient
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.login_pages import OAuthClient, PersonsBrowser, query_of


@pytest.mark.requirement("58", "89", "128", "129", "F8")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"resource": "https://other.example/mcp"}, "invalid_target"),
        ({"resource": "not a URI"}, "invalid_target"),
        ({"prompt": "none"}, "login_required"),
        ({"request_uri": "https://evil.example"}, "invalid_request"),
    ],
)
async def test_errors_go_to_the_client_with_state_and_issuer(
    site: Site, browser: PersonsBrowser, changes: dict[str, str | None], error: str
) -> None:
    client = await site.registered()

    shown = await browser.open(client.authorize_url(**changes))

    assert shown.status == 302
    assert shown.goes_to.startswith(client.redirect_uri + "?")
    assert shown.answer["error"] == error
    assert shown.answer["state"] == "of-the-client"
    assert shown.answer["iss"] == site.issuer


@pytest.mark.requirement("60", "127", "F5", "F14")
@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "unknown"},
        {"redirect_uri": "http://127.0.0.1:33418/other"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:33418@evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:33418/callback/../x"},
        {"redirect_uri": "http://localhost:33418/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"state": "x" * 3000},
    ],
)
async def test_nobody_is_redirected_to_what_is_not_surely_the_clients(
    site: Site, browser: PersonsBrowser, changes: dict[str, str | None]
) -> None:
    client = await site.registered()

    shown = await browser.open(client.authorize_url(**changes))

    assert shown.status == 400
    assert shown.goes_to == ""
    assert "evil.example" not in shown.html
    assert shown.headers["Content-Type"].startswith("text/html")


@pytest.mark.requirement("F14")
async def test_error_of_a_client_that_anybody_registered_is_shown_with_a_link(
    site: Site, browser: PersonsBrowser
) -> None:
    """RFC 9700 §4.11.2: else the server would be an open redirector."""
    client = site.client()
    client.redirect_uri = "https://anywhere.example/cb"
    await client.register()

    shown = await browser.open(client.authorize_url(code_challenge=None))

    assert shown.status == 400
    assert shown.goes_to == ""
    assert "anywhere.example" in shown.html


async def test_error_of_a_configured_client_goes_to_it() -> None:
    settings = Settings(
        clients={"app": ConfiguredClient(redirect_uris=("https://app.example/cb",))}
    )
    async with (
        running_authorization_server(Setting(settings)) as site,
        PersonsBrowser() as browser,
    ):
        client = OAuthClient(site.issuer, "app", redirect_uri="https://app.example/cb")
        shown = await browser.open(client.authorize_url(code_challenge=None))

    assert query_of(shown.goes_to)["error"] == "invalid_request"


@pytest.mark.requirement("136")
async def test_parameter_that_comes_twice_is_refused(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()

    shown = await browser.open(client.authorize_url() + "&state=another")

    assert shown.status == 400


@pytest.mark.requirement("137", "139", "F4")
async def test_consent_page_cannot_be_framed_read_or_cached(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered(client_name="<script>alert(1)</script>")

    shown = await browser.open(client.authorize_url())

    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert shown.headers["X-Frame-Options"] == "DENY"
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert shown.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in shown.headers
    assert "<script" not in shown.html


async def test_browser_is_asked_for_no_cross_origin_call(site: Site) -> None:
    async with (
        ClientSession() as session,
        session.options(f"{site.issuer}/authorize") as response,
    ):
        assert response.status == 405
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.requirement("48", "62", "F11")
async def test_consent_page_says_who_asks_and_where_the_answer_goes(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered(client_name="Claude")

    shown = await browser.open(client.authorize_url(scope="mcp:write unknown"))

    assert "unverified" in shown.html
    assert "Claude" in shown.html
    assert "127.0.0.1:33418" in shown.html
    assert "mcp:write" in shown.html
    assert "unknown" not in shown.html
    assert f"{site.issuer}/mcp" in shown.html


@pytest.mark.requirement("63", "91")
@pytest.mark.parametrize("suffix", ["/mcp", "/mcp/", "", "/"])
async def test_resource_is_ours_in_each_spelling_that_clients_use(
    site: Site, browser: PersonsBrowser, suffix: str
) -> None:
    client = await site.registered()

    shown = await browser.open(client.authorize_url(resource=site.issuer + suffix))

    assert shown.status == 200


async def test_trying_the_url_first_spends_nothing(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()
    url = client.authorize_url()
    async with ClientSession() as stranger, stranger.get(url) as tried:
        assert tried.status == 200
    async with ClientSession() as stranger, stranger.head(url) as tried:
        assert tried.status == 200

    page = await browser.log_in(url)

    assert "code" in page.answer


@pytest.mark.requirement("126")
async def test_any_port_on_loopback_is_the_clients(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()
    client.redirect_uri = "http://127.0.0.1:50123/callback"

    page = await browser.log_in(client.authorize_url())
    status, _ = await client.exchange(page.answer["code"])

    assert page.goes_to.startswith("http://127.0.0.1:50123/callback?code=")
    assert status == 200


async def test_client_of_another_key_is_told_to_register_anew(browser: PersonsBrowser) -> None:
    async with running_authorization_server(Setting(key=bytes(32))) as other:
        stale = await other.registered()
    async with running_authorization_server() as site:
        client = OAuthClient(site.issuer, stale.client_id)
        shown = await browser.open(client.authorize_url())
        status, answer = await client.exchange("x")

    assert shown.status == 400
    assert "registers anew" in shown.html
    assert (status, answer["error"]) == (401, "invalid_client")


async def test_only_redirect_uri_need_not_be_named(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()

    page = await browser.log_in(client.authorize_url(redirect_uri=None))

    assert page.goes_to.startswith(client.redirect_uri)


async def test_client_without_the_code_grant_logs_nobody_in() -> None:
    machine = ConfiguredClient(
        grants=("client_credentials",), redirect_uris=("https://a.example/",)
    )
    setting = Setting(Settings(clients={"machine": machine}))
    async with running_authorization_server(setting) as site, PersonsBrowser() as browser:
        client = OAuthClient(site.issuer, "machine", redirect_uri="https://a.example/")
        shown = await browser.open(client.authorize_url())

    assert query_of(shown.goes_to)["error"] == "unauthorized_client"
