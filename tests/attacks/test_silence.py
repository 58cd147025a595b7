"""What a caller sent as a secret is found in no answer, no log line and no upstream request."""

import logging

import pytest

from tests.support.rig import CALL, running_rig

CANARY = "c4n4ry-7d1f"
SHAPES = {
    "control character": f"Authorization: Bearer {CANARY}\x01",
    "NUL": f"Authorization: Bearer {CANARY}\x00",
    "beyond ASCII": f"Authorization: Bearer {CANARY}\xe9",
    "space before the colon": f"Authorization : Bearer {CANARY}",
    "space in the name": f"Autho rization: Bearer {CANARY}",
    "no colon": f"Authorization Bearer {CANARY}",
    "folded": f"Authorization: Bearer\r\n {CANARY}",
    "bare LF": f"Authorization: Bearer {CANARY}\nX-A: b",
    "bare CR": f"Authorization: Bearer {CANARY}\rX-A: b",
    "twice": f"Authorization: Bearer {CANARY}\r\nAuthorization: Bearer {CANARY}",
    "two tokens": f"Authorization: Bearer {CANARY} {CANARY}",
    "no scheme": f"Authorization: {CANARY}",
    "quoted": f'Authorization: Bearer "{CANARY}"',
    "brace": f"Authorization: Bearer {{{CANARY}}}",
    "colon behind the name": f"Authorization:: Bearer {CANARY}",
    "endless": f"Authorization: Bearer {CANARY * 3000}",
    "basic": f"Authorization: Basic {CANARY}",
    "bad token": f"Authorization: Bearer {CANARY}",
    "three parts": f"Authorization: Bearer {CANARY}.{CANARY}.{CANARY}",
    "proxy's": f"Proxy-Authorization: Bearer {CANARY}",
    "proof": f"DPoP: {CANARY}",
    "cookie": f"Cookie: token={CANARY}",
}


@pytest.mark.requirement("H7", "20", "O6")
@pytest.mark.parametrize("line", SHAPES.values(), ids=SHAPES)
async def test_a_refused_secret_is_neither_echoed_nor_logged(
    line: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_rig() as rig:
        lines = f"{line}\r\nContent-Length: {len(CALL)}\r\n".encode("latin-1")

        response = await rig.send(rig.request("POST", "/mcp", headers=lines) + CALL)

        assert response.status in (400, 401, 431)
        assert CANARY not in response.body.decode() + str(response.headers)
        assert CANARY not in caplog.text + "".join(capfd.readouterr())
        rig.upstream.assert_untouched()


@pytest.mark.requirement("13", "20")
@pytest.mark.parametrize("query", ["access_token={}", "access%5Ftoken={}", "x=1&access_token={}"])
async def test_a_token_in_the_query_is_neither_echoed_nor_logged(
    query: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_rig() as rig:
        response = await rig.send(rig.request("GET", "/mcp?" + query.format(CANARY)))

        assert response.status == 400
        assert CANARY not in response.body.decode() + str(response.headers)
        assert CANARY not in caplog.text + "".join(capfd.readouterr())
        rig.upstream.assert_untouched()


@pytest.mark.requirement("12", "20")
async def test_a_good_token_goes_no_further_than_the_gateway(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_rig() as rig:
        token = rig.token()
        extra = f"Proxy-Authorization: Bearer {token}\r\nCookie: a={token}\r\nDPoP: {token}\r\n"
        response = await rig.call(token=token, headers=extra.encode())

        assert response.status == 200
        assert token.encode() not in rig.upstream.received
        assert token not in caplog.text + "".join(capfd.readouterr())
