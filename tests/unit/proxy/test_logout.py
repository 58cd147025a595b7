"""Where issuers tell that a session is over."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.errors import IdentityUnavailable, InvalidToken, UnsupportedMediaType
from gateway.http.head import Head
from gateway.proxy.logout import logout_receiver

FORM = "application/x-www-form-urlencoded; charset=utf-8"


def _head(content_type: str = FORM) -> Head:
    headers = CIMultiDictProxy(CIMultiDict({"Content-Type": content_type}))
    return Head("POST", "/", "", "gw.example", headers, (), "127.0.0.1")


async def _post(body: bytes, error: Exception | None = None) -> tuple[int, list[str]]:
    taken: list[str] = []

    async def take(token: str) -> None:
        taken.append(token)
        if error is not None:
            raise error

    reply = await logout_receiver(take).receive(_head(), body)
    assert (b"Cache-Control", b"no-store") in reply.headers
    return reply.status, taken


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
    with pytest.raises(IdentityUnavailable):
        await _post(b"logout_token=x", IdentityUnavailable("later"))


async def test_only_a_form_is_read() -> None:
    async def take(token: str) -> None:
        raise AssertionError(token)

    with pytest.raises(UnsupportedMediaType):
        await logout_receiver(take).receive(_head("application/json"), b"logout_token=x")
