import base64
from hashlib import sha512
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.identity.token.compact import parse_compact
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.login_pages import OAuthClient, PersonsBrowser, Shown
from tests.support.login_provider import CODE, HandProvider

# So long that the flow does not fit into a URL, and so mixed that it does not shrink.
LONG_STATE = base64.b64encode(b"".join(sha512(bytes([n])).digest() for n in range(9))).decode()


async def sent_to_provider(
    site: Site, browser: PersonsBrowser, **asked: str | None
) -> tuple[OAuthClient, Shown]:
    """A client, and the page that sends the person on to the provider."""
    client = await site.registered()
    return client, await browser.consent(client.authorize_url(**asked))


async def test_consent_goes_on_to_the_provider_by_a_page_of_our_own(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    """Browsers apply form-action to every redirect after a form."""
    _, page = await sent_to_provider(site, browser, login_hint="ada")

    asked = parse_qs(urlsplit(page.goes_to).query)
    assert page.status == 200
    assert page.goes_to.startswith(f"{provider.issuer}/auth?")
    assert asked["redirect_uri"] == [f"{site.issuer}/authorize/callback"]
    assert asked["scope"] == ["openid email profile offline_access"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["login_hint"] == ["ada"]
    assert len(asked["nonce"][0]) == 43
    assert "resource" not in asked
    assert "client_secret" not in page.html


async def test_person_gets_a_token_that_says_what_the_provider_said(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, page = await sent_to_provider(site, browser)

    back = await browser.open(provider.callback(page.goes_to))
    status, answer = await client.exchange(back.answer["code"])

    claims = parse_compact(str(answer["access_token"])).claims
    assert status == 200
    assert claims["sub"] == "person-1"
    assert claims["email"] == "ada@example.com"
    assert claims["name"] == "Ada"
    assert claims["groups"] == ["engineering"]
    assert claims["iss"] == site.issuer
    assert ("login", "ok") in site.steps


@pytest.mark.requirement("66")
async def test_nothing_of_the_provider_reaches_the_client(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, page = await sent_to_provider(site, browser)

    back = await browser.open(provider.callback(page.goes_to))
    _, answer = await client.exchange(back.answer["code"])

    seen = back.html + str(answer)
    assert not any(each in seen for each in (CODE, provider.refresh_token, "opaque"))
    assert set(back.answer) == {"code", "state", "iss"}


@pytest.mark.requirement("F6")
async def test_response_counts_once(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    """A provider that sees a code twice ends what came of it: RFC 6749 §4.1.2."""
    _, page = await sent_to_provider(site, browser)
    url = provider.callback(page.goes_to)
    await browser.open(url)

    again = await browser.open(url)

    assert (again.status, again.goes_to) == (403, "")
    assert provider.redeemed == [CODE]
    assert site.steps[-1] == ("login", "flow_used")


@pytest.mark.requirement("F2", "F6", "F16")
async def test_response_in_another_browser_is_refused(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    _, page = await sent_to_provider(site, browser)

    async with PersonsBrowser() as other:
        without_cookie = await other.open(provider.callback(page.goes_to))
        await sent_to_provider(site, other)
        with_its_own = await other.open(provider.callback(page.goes_to))

    assert (without_cookie.status, with_its_own.status) == (403, 403)
    assert without_cookie.goes_to == with_its_own.goes_to == ""
    assert provider.redeemed == []


@pytest.mark.requirement("F6")
@pytest.mark.parametrize("state", [None, "", "x", "A" * 22, "A" * 300])
async def test_response_without_a_state_of_ours_is_refused(
    site: Site, browser: PersonsBrowser, provider: HandProvider, state: str | None
) -> None:
    _, page = await sent_to_provider(site, browser)

    shown = await browser.open(provider.callback(page.goes_to, state=state))

    assert (shown.status, shown.goes_to) == (403, "")
    assert provider.redeemed == []


@pytest.mark.requirement("F6")
async def test_response_that_comes_too_late_is_refused(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    _, page = await sent_to_provider(site, browser)
    site.clock.advance(601)

    shown = await browser.open(provider.callback(page.goes_to))

    assert shown.status == 403
    assert site.steps[-1] == ("login", "flow_over")
    assert provider.redeemed == []


@pytest.mark.requirement("65", "F7")
@pytest.mark.parametrize("iss", [None, "https://evil.example", "{}/", "{}?"])
async def test_response_of_another_issuer_sends_the_code_nowhere(
    site: Site, browser: PersonsBrowser, provider: HandProvider, iss: str | None
) -> None:
    """RFC 9207 §2.4: its metadata promises `iss`, which is compared as it is."""
    _, page = await sent_to_provider(site, browser)
    named = None if iss is None else iss.format(provider.issuer)

    shown = await browser.open(provider.callback(page.goes_to, iss=named))
    then = await browser.open(provider.callback(page.goes_to))

    assert (shown.status, then.status) == (403, 403)
    assert provider.redeemed == []
    assert ("login", "provider_issuer") in site.steps


@pytest.mark.requirement("65")
async def test_provider_that_does_not_promise_iss_may_leave_it_out(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": False}
    setting = Setting(Settings(provider=provider.settings()))
    async with running_authorization_server(setting) as site:
        _, page = await sent_to_provider(site, browser)

        back = await browser.open(provider.callback(page.goes_to, iss=None))

    assert "code" in back.answer


@pytest.mark.requirement("64", "F7")
async def test_metadata_of_another_issuer_is_not_used(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.metadata = {"issuer": "https://evil.example"}
    setting = Setting(Settings(provider=provider.settings()))
    async with running_authorization_server(setting) as site:
        _, page = await sent_to_provider(site, browser)

    assert (page.status, page.goes_to) == (503, "")


@pytest.mark.requirement("F4", "F14")
async def test_refusal_of_the_provider_is_a_page_in_its_own_words_escaped_and_short(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    _, page = await sent_to_provider(site, browser)
    text = "<script>no</script>\r\n" + "x" * 500

    shown = await browser.open(
        provider.callback(page.goes_to, code=None, error="access_denied", error_description=text)
    )

    assert (shown.status, shown.goes_to) == (403, "")
    assert "access_denied: &lt;script&gt;no&lt;/script&gt; xxx" in shown.html
    assert "<script" not in shown.html
    assert "x" * 200 not in shown.html
    assert site.steps[-1] == ("login", "provider_refused")


@pytest.mark.requirement("F7", "F16")
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": ["gateway", "another"]},
        {"azp": "another-client"},
        {"exp": 1},
        {"sub": None},
        {"sub": 7},
        {"iat": None},
        {"events": {}},
    ],
)
async def test_id_token_that_is_not_about_this_login_is_refused(
    site: Site, browser: PersonsBrowser, provider: HandProvider, claims: dict[str, object]
) -> None:
    _, page = await sent_to_provider(site, browser)
    provider.claims = claims

    shown = await browser.open(provider.callback(page.goes_to))

    assert (shown.status, shown.goes_to) == (403, "")
    assert site.steps[-1] == ("login", "provider_id_token")


async def test_login_without_an_id_token_is_refused(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    _, page = await sent_to_provider(site, browser)
    provider.answer = {"id_token": None}

    shown = await browser.open(provider.callback(page.goes_to))

    assert shown.status == 403
    assert site.steps[-1] == ("login", "provider_id_token")


@pytest.mark.requirement("51", "52")
async def test_state_is_made_and_kept_only_after_consent(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client = await site.registered()
    asked = await browser.open(client.authorize_url(state=LONG_STATE))
    before = {cookie.key for cookie in browser.cookies}

    sent = await browser.send(asked, decision="approve")

    kept = {cookie.key for cookie in browser.cookies} - before
    (state,) = parse_qs(urlsplit(sent.goes_to).query)["state"]
    assert before == {"mcpgw-browser"}
    assert kept == {f"mcpgw-flow-{state}"}
    assert len(state) == 22  # 128 bits: RFC 6749 §10.10


async def test_long_flow_travels_in_a_cookie_of_its_own(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    """Some providers' front ends refuse long URLs; four tabs must not disturb each other."""
    pages = [await sent_to_provider(site, browser, state=LONG_STATE) for _ in range(4)]

    urls = [provider.callback(page.goes_to) for _, page in pages]
    provider.callback(pages[0][1].goes_to)
    back = await browser.open(urls[0])

    assert all(len(page.goes_to) < 1200 for _, page in pages)
    assert back.answer["state"] == LONG_STATE


async def test_no_form_ends_a_login_at_a_provider(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    _, page = await sent_to_provider(site, browser)
    page.action, page.fields = f"{site.issuer}/authorize/login", {"flow": "x"}

    shown = await browser.send(page, name="ada", password="x")  # noqa: S106  # an example

    assert shown.status == 403
    assert provider.redeemed == []


@pytest.mark.parametrize("ends_well", [True, False])
async def test_nothing_of_a_flow_stays_in_the_browser(
    site: Site, browser: PersonsBrowser, provider: HandProvider, ends_well: bool
) -> None:
    """Many logins in a row would make the browser's requests too large for the gateway."""
    _, page = await sent_to_provider(site, browser, state=LONG_STATE)
    url = provider.callback(page.goes_to)
    if not ends_well:
        url = url.replace("code=", "error=access_denied&nothing=")

    await browser.open(url)

    assert {cookie.key for cookie in browser.cookies} == {"mcpgw-browser"}


@pytest.mark.requirement("46", "F1")
@pytest.mark.parametrize(
    "redirect_uri", ["https://app.example/callback", "http://127.0.0.1:33418/callback"]
)
async def test_no_consent_stands_for_whom_a_session_at_the_provider_lets_through(
    browser: PersonsBrowser, provider: HandProvider, redirect_uri: str
) -> None:
    """RFC 6749 §10.2: nobody would have to do anything."""
    settings = Settings(provider=provider.settings(), remember_consent=86400.0)
    by_person = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}
    by_person["Sec-Fetch-Dest"] = "document"
    async with running_authorization_server(Setting(settings)) as site:
        client = site.client()
        client.redirect_uri = redirect_uri
        await client.register()
        asked = await browser.open(client.authorize_url(), by_person)
        onward = await browser.send(asked, decision="approve", remember="yes")
        await browser.open(provider.callback(onward.goes_to))

        shown = await browser.open(client.authorize_url(), by_person)

    assert "checkbox" not in asked.html
    assert shown.action.endswith("/authorize/consent")
    assert shown.goes_to == ""
