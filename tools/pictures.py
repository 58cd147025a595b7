"""`python -m tools.pictures`: the pictures of docs/pages.md, taken of the pages as they are now."""

import asyncio
from pathlib import Path

from aiohttp import web

from tests.support.chromium import chromium_tab
from tests.support.page_samples import ACME, every_page

FOLDER = Path(__file__).parents[1] / "docs" / "images"
# The page, how wide its window is, whether in the dark, and whose it is.
PICTURES = {
    "add-to-client": ("add-to-client", 760, False, False),
    "consent": ("consent", 520, False, False),
    "consent-verified-dark": ("consent-verified", 320, True, True),
    "login": ("login", 520, False, True),
    "device-dark": ("device", 320, True, False),
    "error": ("error", 520, False, True),
}


async def take_pictures() -> None:
    """Take each and write it as WebP."""
    pages = {False: every_page(), True: every_page(ACME)}

    async def show(request: web.Request) -> web.Response:
        name, _, _, branded = PICTURES[request.match_info["name"]]
        page = pages[branded][name]
        policy = {"Content-Security-Policy": page.content_security_policy}
        return web.Response(text=page.html, content_type="text/html", headers=policy)

    app = web.Application()
    app.router.add_get("/{name}", show)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with chromium_tab() as tab:
        for name, (_, width, dark, _) in PICTURES.items():
            await tab.show_as(width, 200, dark=dark)
            await tab.open(f"http://127.0.0.1:{runner.addresses[0][1]}/{name}")
            (FOLDER / f"{name}.webp").write_bytes(await tab.picture())
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(take_pictures())
