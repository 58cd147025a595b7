"""A real Chromium, driven over its DevTools protocol."""

import asyncio
import base64
import itertools
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.support.programs import required_program

LIMIT_S = 30
_LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
_KEYS = {"Tab": 9, "Enter": 13, " ": 32}
Message = dict[str, Any]


class Tab:
    """One tab. `url` is where it is, `complaints` are what the browser's console said."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._session: str | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._loading = ""
        self._loaded = asyncio.Event()
        self.url = ""
        self.complaints: list[str] = []

    async def open(self, url: str) -> None:
        """Go to a page and wait until it is there."""
        async with self.going(lambda _: True):
            await self._say("Page.navigate", url=url)

    @asynccontextmanager
    async def going(self, is_there: Callable[[str], bool]) -> AsyncIterator[None]:
        """Do something that leads to a page with such a URL, and wait until it is there."""
        self._loaded.clear()
        yield
        async with asyncio.timeout(LIMIT_S):
            await self._loaded.wait()
            while not is_there(self.url):
                self._loaded.clear()
                await self._loaded.wait()

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page; of a promise, what it comes to."""
        answer = await self._say(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def type(self, text: str) -> None:
        """Type into what has the focus."""
        await self._say("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        """Press one key: `Tab`, `Enter` or a space."""
        known = {"key": key, "windowsVirtualKeyCode": _KEYS[key]}
        text = {"Enter": "\r", " ": " "}.get(key)
        down = {"type": "rawKeyDown"} if text is None else {"type": "keyDown", "text": text}
        await self._say("Input.dispatchKeyEvent", **known, **down)
        await self._say("Input.dispatchKeyEvent", **known, type="keyUp")

    async def click(self, selector: str) -> None:
        """Click the middle of the first element of a kind, once the page is done with moving."""
        await self.evaluate(
            "Promise.all(document.getAnimations().map(each => each.finished)).then(() => 0)"
        )
        box = await self.evaluate(
            "(element => { element.scrollIntoView({block: 'center'});"
            " const {x, y, width, height} = element.getBoundingClientRect();"
            " return [x + width / 2, y + height / 2]; })"
            f"(document.querySelector({json.dumps(selector)}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            place = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1}
            await self._say("Input.dispatchMouseEvent", type=kind, **place)

    async def show_as(self, width: int, height: int = 720, *, dark: bool = False) -> None:
        """How large the window is, in CSS pixels, and which scheme the person prefers."""
        await self._say(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self._say("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self, kind: str = "webp") -> bytes:
        """The whole page as a picture."""
        answer = await self._say("Page.captureScreenshot", format=kind, captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    async def attach(self) -> None:
        """Take hold of the page that the browser began with."""
        targets = (await self._say("Target.getTargets"))["targetInfos"]
        page = next(each["targetId"] for each in targets if each["type"] == "page")
        attached = await self._say("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            await self._say(f"{domain}.enable")

    async def listen(self) -> None:
        """Take all that the browser says."""
        async for message in self._socket:
            self._take(message.json())

    def _take(self, message: Message) -> None:
        answered = self._answers.pop(message.get("id", 0), None)
        if answered is not None and not answered.done():
            answered.set_result(message)
        told = message.get("params", {})
        method = message.get("method")
        if method == "Page.frameNavigated" and "parentId" not in told["frame"]:
            self._loading = told["frame"]["url"]
        elif method == "Page.loadEventFired":
            self.url = self._loading
            self._loaded.set()
        elif method == "Log.entryAdded":
            self.complaints.append(told["entry"]["text"])

    async def _say(self, method: str, **parameters: object) -> Message:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        where = {} if self._session is None else {"sessionId": self._session}
        await self._socket.send_json(message | where)
        async with asyncio.timeout(LIMIT_S):
            said = await answer
        assert "error" not in said, said["error"]
        result: Message = said["result"]
        return result


@asynccontextmanager
async def chromium_tab() -> AsyncIterator[Tab]:
    """Run a browser with one tab, and end it."""
    program = required_program("chromium", "Debian package chromium")
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            *_FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                address = await _address(process)
            async with (
                ClientSession() as session,
                session.ws_connect(address, max_msg_size=0) as socket,
                asyncio.TaskGroup() as group,
            ):
                tab = Tab(socket)
                listening = group.create_task(tab.listen())
                await tab.attach()
                yield tab
                listening.cancel()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := _LISTENING.match(line):
            return found[1].decode()
    raise RuntimeError(f"Chromium ended with {await process.wait()}")
