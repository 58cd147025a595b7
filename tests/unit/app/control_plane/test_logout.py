"""Where issuers tell that a session is over."""

import pytest

from gateway.app.control_plane.application import new_application
from gateway.app.control_plane.logout import take_logouts
from gateway.errors import IdentityUnavailable, InvalidToken
from tests.unit.app.control_plane.handing import handing_to

FORM = b"Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"


async def _post(
    body: bytes, error: Exception | None = None, content_type: bytes = FORM
) -> tuple[int, list[str]]:
    taken: list[str] = []

    async def take(token: str) -> None:
        taken.append(token)
        if error is not None:
            raise error

    app = new_application()
    app.router.add_post("/", take_logouts(take))
    async with handing_to(app) as handing:
        answer = await handing.post(body, content_type)
    assert answer.value("Cache-Control") == "no-store"
    return answer.status, taken


async def test_a_good_logout_is_200() -> None:
    assert await _post(b"logout_token=a.b.c&other=1") == (200, ["a.b.c"])


@pytest.mark.parametrize(
    "body",
    [b"", b"logout_token=", b"logout_token=a&logout_token=b", b"x=1", b"\xff=1", b"a=1&" * 11],
)
async def test_a_form_without_one_token_is_400(body: bytes) -> None:
    assert await _post(body) == (400, [])


async def test_a_bad_token_is_400_and_a_moment_of_need_503() -> None:
    assert (await _post(b"logout_token=x", InvalidToken("no")))[0] == 400
    assert (await _post(b"logout_token=x", IdentityUnavailable("later")))[0] == 503


async def test_only_a_form_is_read() -> None:
    kind = b"Content-Type: application/json\r\n"

    assert await _post(b"logout_token=x", content_type=kind) == (415, [])
