"""The pages in a real Chromium: the way of a login, what axe finds, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from pytest_aiohttp import AiohttpServer

from tests.support.chromium import Tab, chromium_tab
from tests.support.login_gateway import login_gateway
from tests.support.login_pages import PASSWORD, OAuthClient, query_of
from tests.support.node import PROVIDER_HOME
from tests.support.page_samples import ACME, every_hostile_page, every_page

UPSTREAM = "http://127.0.0.1:9/mcp"  # nobody is called there
AXE = PROVIDER_HOME / "node_modules" / "axe-core" / "axe.min.js"
FINDINGS = """axe.run().then(found => found.violations.map(
    each => [each.impact, each.id, each.nodes[0].html]))"""


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    async with chromium_tab() as opened:
        yield opened


@pytest.fixture
async def samples(aiohttp_server: AiohttpServer) -> str:
    """A server of the sample pages by name, each with its policy; it never goes on by itself."""
    pages = {
        **every_page(),
        **{f"{name}-acme": page for name, page in every_page(ACME).items()},
        **{f"{name}-hostile": page for name, page in every_hostile_page().items()},
    }

    async def show(request: web.Request) -> web.Response:
        page = pages[request.match_info["name"]]
        html = page.html.replace('http-equiv="refresh"', 'name="refresh"')
        policy = {"Content-Security-Policy": page.content_security_policy}
        return web.Response(text=html, content_type="text/html", headers=policy)

    app = web.Application()
    app.router.add_get("/{name}", show)
    return str((await aiohttp_server(app)).make_url("/"))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("brand", ["", "-acme"], ids=["unbranded", "branded"])
async def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_a_phone(
    tab: Tab, samples: str, brand: str, dark: bool
) -> None:
    axe = AXE.read_text(encoding="utf-8")
    await tab.show_as(320, dark=dark)
    for name in every_page():
        await tab.open(f"{samples}{name}{brand}")
        await tab.evaluate("document.querySelectorAll('details').forEach(each => each.name = '')")
        await tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        await tab.evaluate(f"{axe};0")

        assert await tab.evaluate(FINDINGS) == [], name
        assert await tab.evaluate("document.documentElement.scrollWidth") == 320, name
    assert tab.complaints == []
    await tab.evaluate("document.documentElement.lang = ''")
    assert await tab.evaluate(FINDINGS) != []  # it does look


@pytest.mark.requirement("F4")
async def test_no_hostile_word_runs_or_widens_a_page(tab: Tab, samples: str) -> None:
    await tab.show_as(320)
    for name in every_hostile_page():
        await tab.open(f"{samples}{name}-hostile")

        assert await tab.evaluate("document.documentElement.scrollWidth") == 320, name
        assert await tab.evaluate("document.scripts.length") == 0, name


class Callbacks:
    """What came to the client's own address."""

    def __init__(self) -> None:
        self.url = ""
        self.came = asyncio.get_running_loop().create_future()

    async def take(self, request: web.Request) -> web.Response:
        if not self.came.done():
            self.came.set_result(dict(request.query))
        return web.Response(text="<title>back</title>", content_type="text/html")


@pytest.fixture
async def callbacks(
    aiohttp_server: AiohttpServer,
) -> Callbacks:
    found, app = Callbacks(), web.Application()
    app.router.add_get("/callback", found.take)
    found.url = str((await aiohttp_server(app)).make_url("/callback"))
    return found


@asynccontextmanager
async def registered_client(
    port: int, redirect_uri: str, more: str = ""
) -> AsyncIterator[OAuthClient]:
    async with login_gateway(port, UPSTREAM, more):
        client = OAuthClient(f"http://127.0.0.1:{port}", redirect_uri=redirect_uri)
        assert (await client.register())[0] == 201
        yield client


@pytest.mark.requirement("46", "48", "49")
async def test_a_person_allows_a_client_and_logs_in_with_the_keyboard_alone(
    tab: Tab, callbacks: Callbacks, port: int
) -> None:
    """The redirect to another origin works because no form leads to it: CSP `form-action`."""
    async with registered_client(port, callbacks.url) as client:
        await tab.open(client.authorize_url())
        assert await tab.evaluate("document.title") == "Allow access?"
        await tab.press("Tab")
        await tab.press("Tab")
        assert await tab.evaluate("document.activeElement.value") == "approve"
        async with tab.going(lambda url: url.endswith("/authorize/consent")):
            await tab.press("Enter")
        assert await tab.evaluate("document.activeElement.id") == "name"
        await tab.type("ada")
        await tab.press("Tab")
        await tab.type(PASSWORD)
        async with tab.going(lambda url: url.startswith(callbacks.url)):
            await tab.press("Enter")
        status, tokens = await client.exchange(query_of(tab.url)["code"])

    assert (status, tokens["token_type"]) == (200, "Bearer")
    assert callbacks.came.result()["iss"] == client.issuer
    assert callbacks.came.result()["state"] == "of-the-client"


# However long the machine took to come here.
_AS_JUST_SHOWN = """(() => { const {style} = document.querySelector('button[value=approve]');
    style.animationName = 'none'; getComputedStyle(document.body).width;
    document.querySelector('button[value=approve]').getAnimations(); style.animationName = '';
    document.getAnimations().forEach(each => { each.pause(); each.currentTime = 0; }); })()"""
_HIT = """(() => { const button = document.querySelector('button[value=approve]');
    button.scrollIntoView(); const {x, y, width, height} = button.getBoundingClientRect();
    return document.elementFromPoint(x + width / 2, y + height / 2).value || ''; })()"""


@pytest.mark.requirement("48", "139", "F4")
async def test_click_that_was_meant_for_another_page_allows_nothing(tab: Tab, samples: str) -> None:
    """A page that closes between the clicks of a double click leaves the second to this one."""
    await tab.open(f"{samples}consent")
    await tab.evaluate(_AS_JUST_SHOWN)
    early = await tab.evaluate(_HIT)
    await tab.evaluate("document.getAnimations().forEach(each => each.finish()); 0")

    assert (early, await tab.evaluate(_HIT)) == ("", "approve")


@pytest.mark.requirement("46")
async def test_a_person_denies_and_the_client_is_told(
    tab: Tab, callbacks: Callbacks, port: int
) -> None:
    async with registered_client(port, callbacks.url) as client:
        await tab.open(client.authorize_url())
        async with tab.going(lambda url: url.startswith(callbacks.url)):
            await tab.click("button[value=deny]")

    assert callbacks.came.result()["error"] == "access_denied"


@pytest.mark.requirement("47", "F1")
async def test_remembered_consent_stands_for_what_the_person_opened_and_for_no_link(
    tab: Tab, callbacks: Callbacks, port: int, aiohttp_server: AiohttpServer
) -> None:
    """GHSA-6x8h-498w-gv8c; the headers are the browser's own: Fetch Metadata §2."""
    async with registered_client(port, callbacks.url, ", remember_consent: 30d") as client:
        elsewhere = str((await aiohttp_server(_leading_to(client.authorize_url()))).make_url("/"))
        await tab.open(client.authorize_url())
        await tab.click("input[name=remember]")
        async with tab.going(lambda url: url.endswith("/authorize/consent")):
            await tab.click("button[value=approve]")
        await tab.type("ada")
        await tab.press("Tab")
        await tab.type(PASSWORD)
        async with tab.going(lambda url: url.startswith(callbacks.url)):
            await tab.press("Enter")
        titles = []
        for begin in (elsewhere, elsewhere.replace("127.0.0.1", "localhost")):
            await tab.open(f"{begin}link")
            async with tab.going(lambda url: "/authorize?" in url):
                await tab.click("a")
            titles.append(await tab.evaluate("document.title"))
        await tab.open(client.authorize_url())
        by_hand = await tab.evaluate("document.title")

    assert titles == ["Allow access?"] * 2
    assert by_hand == "Log in"


def _leading_to(url: str) -> web.Application:
    """Another origin, which leads there by a link."""

    async def link(request: web.Request) -> web.Response:
        text = f'<a href="{url.replace("&", "&amp;")}">go</a>'
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/link", link)
    return app


async def test_a_wrong_password_leaves_the_name_and_asks_for_the_other_again(
    tab: Tab, callbacks: Callbacks, port: int
) -> None:
    async with registered_client(port, callbacks.url) as client:
        await tab.open(client.authorize_url())
        async with tab.going(lambda url: url.endswith("/authorize/consent")):
            await tab.click("button[value=approve]")
        await tab.type("ada")
        await tab.press("Tab")
        await tab.type("wrong")
        async with tab.going(lambda url: url.endswith("/authorize/login")):
            await tab.press("Enter")

        assert await tab.evaluate("document.getElementById('name').value") == "ada"
        assert await tab.evaluate("document.activeElement.id") == "password"
        assert await tab.evaluate("document.querySelector('[role=alert]').innerText") == (
            "The name or the password is wrong."
        )
        assert not callbacks.came.done()


@pytest.mark.requirement("48", "F4")
async def test_no_other_page_can_frame_the_consent(
    tab: Tab,
    callbacks: Callbacks,
    port: int,
    aiohttp_server: AiohttpServer,
) -> None:
    async with registered_client(port, callbacks.url) as client:
        frame = f'<iframe src="{client.authorize_url().replace("&", "&amp;")}"></iframe>'

        async def show(request: web.Request) -> web.Response:
            return web.Response(text=frame, content_type="text/html")

        app = web.Application()
        app.router.add_get("/", show)
        await tab.open(str((await aiohttp_server(app)).make_url("/")))

    assert any("frame" in each for each in tab.complaints)


async def test_a_click_on_a_box_selects_what_is_to_be_copied(tab: Tab, port: int) -> None:
    async with login_gateway(port, UPSTREAM):
        await tab.open(f"http://127.0.0.1:{port}/mcp")
        await tab.click("details pre")
        command = await tab.evaluate("getSelection().toString()")
        async with ClientSession() as session, session.get(tab.url) as programs:
            assert programs.headers["Content-Type"] == "application/json"

    assert command == f"claude mcp add --transport http mcp http://127.0.0.1:{port}/mcp"
