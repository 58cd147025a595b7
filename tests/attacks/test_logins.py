"""Attacks on the built-in authorization server of a real gateway: F1, F9, F10, F16, F17, F19."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.one_time_codes import CodeSecrets
from gateway.authserver.accounts.password import hash_password
from gateway.sealing.seal import Seal
from tests.support.login_pages import PASSWORD, PersonsBrowser
from tests.support.login_rig import KEY, LoginRig, login_rig, login_rigs
from tests.support.ports import reserved_port

LIMIT_S = 5.0
AT_ONCE = 25


@pytest.fixture
def other_port() -> Iterator[int]:
    with reserved_port() as number:
        yield number


@pytest.mark.requirement("19", "130", "F9", "F19")
async def test_code_that_comes_to_two_replicas_at_once_is_good_once_and_ends_the_login(
    tmp_path: Path, port: int, other_port: int
) -> None:
    async with login_rigs(tmp_path, port, (port, other_port)) as rigs:
        here, there = rigs
        client = await here.registered()
        code = await here.code(client)

        told = await asyncio.gather(
            *(rig.exchange(client, code) for rig in (here, there) * AT_ONCE)
        )

        good = [answer for status, answer in told if status == 200]
        statuses = {status for status, _ in told}
        refreshed = await there.refresh(client, str(good[0]["refresh_token"]))
        refused = [await _refused_at(rig, good[0]["access_token"]) for rig in rigs]
        here.upstream.assert_untouched()

    assert len(good) == 1
    assert statuses == {200, 400}
    assert (refreshed[0], refreshed[1]["error"]) == (400, "invalid_grant")
    assert refused == [401, 401]


async def _refused_at(rig: LoginRig, token: object) -> int:
    """The status of a call with a token that was voided, at a path that forwards nothing."""
    # A body that is no message: whoever is let in is told so before anything is forwarded.
    async with asyncio.timeout(LIMIT_S):
        while (status := await _judged(rig, token)) != 401:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.05)
    return status


async def _judged(rig: LoginRig, token: object) -> int:
    headers = {
        "Host": rig.url.removeprefix("http://"),
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
    }
    async with (
        ClientSession() as session,
        session.post(f"{rig.address}/one", data=b"[", headers=headers) as response,
    ):
        return response.status


@pytest.mark.requirement("133", "F10", "F19")
async def test_refresh_token_that_comes_to_two_replicas_at_once_has_one_heir(
    tmp_path: Path, port: int, other_port: int
) -> None:
    async with login_rigs(tmp_path, port, (port, other_port)) as rigs:
        client = await rigs[0].registered()
        _, first = await rigs[0].exchange(client, await rigs[0].code(client))
        token = str(first["refresh_token"])

        told = await asyncio.gather(*(rig.refresh(client, token) for rig in rigs * AT_ONCE))

        rigs[0].upstream.assert_untouched()

    assert {status for status, _ in told} == {200}
    assert len({answer["access_token"] for _, answer in told}) == 1
    assert len({answer["refresh_token"] for _, answer in told}) == 1


@pytest.mark.requirement("8", "63", "92", "132")
async def test_token_of_one_server_is_none_of_its_neighbour(tmp_path: Path, port: int) -> None:
    async with login_rig(tmp_path, port) as rig:
        client = await rig.registered()
        code = await rig.code(client, "one")
        other, refused = await rig.exchange(client, code, resource=f"{rig.url}/two")
        _, tokens = await rig.exchange(client, code, resource=f"{rig.url}/one")
        moved, told = await rig.refresh(
            client, str(tokens["refresh_token"]), resource=f"{rig.url}/two"
        )

        neighbour = await rig.call(tokens["access_token"], "two")
        rig.upstream.assert_untouched()
        own = await rig.call(tokens["access_token"], "one")

    assert (other, refused["error"]) == (400, "invalid_target")
    assert (moved, told["error"]) == (400, "invalid_target")
    assert (neighbour, own) == (401, 200)


@pytest.mark.requirement("24", "132", "F7", "F16")
async def test_nothing_of_a_gateway_counts_at_another_of_the_same_key(
    tmp_path: Path, port: int, other_port: int
) -> None:
    async with (
        login_rig(tmp_path / "a", port) as here,
        login_rig(tmp_path / "b", other_port) as there,
    ):
        client = await here.registered()
        code = await here.code(client)
        native = await there.registered()
        native.challenge = client.challenge

        told = [
            await there.exchange(client, code),
            await there.exchange(native, code),
        ]
        _, tokens = await here.exchange(client, code)
        told.append(await there.refresh(native, str(tokens["refresh_token"])))
        called = await there.call(tokens["access_token"])
        there.upstream.assert_untouched()
        here.upstream.assert_untouched()

    assert [answer["error"] for _, answer in told] == [
        "invalid_client",
        "invalid_grant",
        "invalid_grant",
    ]
    assert called == 401


@pytest.mark.requirement("132", "F9", "F16")
async def test_value_that_was_sealed_for_one_use_is_good_for_no_other(
    tmp_path: Path, port: int
) -> None:
    async with login_rig(tmp_path, port) as rig, PersonsBrowser() as browser:
        client = await rig.registered()
        url = client.authorize_url(resource=f"{rig.url}/one")
        asked = await browser.open(url)
        login = await browser.send(asked, decision="approve")
        code = (await browser.send(login, name="ada", password=PASSWORD)).answer["code"]
        _, tokens = await rig.exchange(client, await rig.code(client))
        values = {
            "client": client.client_id,
            "asked": asked.fields["flow"],
            "consented": login.fields["flow"],
            "code": code,
            "refresh": str(tokens["refresh_token"]),
            "access": str(tokens["access_token"]),
        }

        for name, value in values.items():
            if name != "code":
                status, answer = await rig.exchange(client, value)
                assert (status, answer["error"]) == (400, "invalid_grant"), name
            if name != "refresh":
                status, answer = await rig.refresh(client, value)
                assert (status, answer["error"]) == (400, "invalid_grant"), name
            if name != "client":
                status, answer = await rig.post("/token", {"client_id": value, "grant_type": "x"})
                assert (status, answer["error"]) == (401, "invalid_client"), name
            if name != "access":
                assert await rig.call(value) == 401, name
            if name != "asked":
                page = await browser.send(asked, flow=value, decision="approve")
                assert page.status == 403, name
            if name != "consented":
                page = await browser.send(login, flow=value, name="ada", password=PASSWORD)
                assert (page.status, page.goes_to) == (403, ""), name
        rig.upstream.assert_untouched()


@pytest.mark.requirement("46", "47", "52", "F1")
async def test_no_earlier_consent_stands_for_another(tmp_path: Path, port: int) -> None:
    """GHSA-6x8h-498w-gv8c: what is remembered of a person lets a new client ride on it."""
    async with login_rig(tmp_path, port) as rig, PersonsBrowser() as browser:
        client, evil = await rig.registered(), await rig.registered(client_name="By hand")
        url = client.authorize_url(resource=f"{rig.url}/one")
        await browser.log_in(url)

        again = await browser.open(url)
        other = await browser.open(evil.authorize_url(resource=f"{rig.url}/one"))
        cookies = {cookie.key for cookie in browser.cookies}
        rig.upstream.assert_untouched()

    for shown in (again, other):
        assert (shown.status, shown.goes_to) == (200, "")
        assert 'value="approve"' in shown.html
    # One that says which browser it is, and nothing of what was decided there.
    assert cookies == {"mcpgw-browser"}


@pytest.mark.requirement("49", "F17")
@pytest.mark.parametrize(
    "planted",
    ["", "x", "a" * 21, "a" * 23, "a" * 21 + "%", "a" * 21 + '"', "a" * 3000, "__Host-", "ä" * 22],
)
async def test_cookie_that_is_none_of_ours_is_as_good_as_none(
    tmp_path: Path, port: int, planted: str
) -> None:
    async with login_rig(tmp_path, port) as rig, PersonsBrowser() as browser:
        client = await rig.registered()
        url = client.authorize_url(resource=f"{rig.url}/one")
        page = await browser.open(url)
        headers = {"Cookie": f"mcpgw-browser={planted}"}
        async with ClientSession() as session:
            async with session.post(page.action, data=page.fields, headers=headers) as response:
                status = response.status
            async with session.get(url, headers=headers) as response:
                given = response.cookies.get("mcpgw-browser")
        rig.upstream.assert_untouched()

    assert status == 403
    assert given is None or len(given.value) == 22


@pytest.mark.requirement("130")
async def test_account_with_a_code_needs_it_and_each_code_is_good_once(
    tmp_path: Path, port: int
) -> None:
    secret = b"12345678901234567890"
    # Sealed long ago: whoever made it is gone.
    sealed = CodeSecrets(Seal(KEY)).close(secret, "grace", 1.0)
    grace = Account("grace", "grace", hash_password(PASSWORD), code_secret=sealed)
    async with login_rig(tmp_path, port, "", grace) as rig, PersonsBrowser("grace") as browser:
        client = await rig.registered()
        url = client.authorize_url(resource=f"{rig.url}/one")
        login = await browser.consent(url)
        code = TOTP(secret, 6, SHA1(), 30).generate(time.time()).decode()  # noqa: S303  # RFC 6238

        without = await browser.send(login, name="grace", password=PASSWORD)
        wrong = await browser.send(
            login, name="grace", password=PASSWORD, code="000000" if code != "000000" else "1"
        )
        of_ada = await browser.send(login, name="ada", password="wrong")  # noqa: S106
        right = await browser.send(login, name="grace", password=PASSWORD, code=code)
        again = await browser.send(
            await browser.consent(url), name="grace", password=PASSWORD, code=code
        )
        rig.upstream.assert_untouched()

    assert 'name="code"' in login.html
    assert [without.status, wrong.status, of_ada.status, again.status] == [403] * 4
    assert without.goes_to == wrong.goes_to == again.goes_to == ""
    told = "The name, the password or the one-time code is wrong."
    assert all(told in page.html for page in (without, wrong, of_ada, again))
    assert "code" in right.answer


@pytest.mark.requirement("20", "143")
async def test_no_secret_of_a_login_is_written_anywhere(
    tmp_path: Path, port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    async with login_rig(tmp_path, port) as rig, PersonsBrowser() as browser:
        client = await rig.registered(token_endpoint_auth_method="client_secret_post")  # noqa: S106
        login = await browser.consent(client.authorize_url(resource=f"{rig.url}/one"))
        await browser.send(login, name="ada", password="canary-" + PASSWORD)
        code = (await browser.send(login, name="ada", password=PASSWORD)).answer["code"]
        form = {"client_secret": str(client.secret)}
        _, tokens = await rig.exchange(client, code, **form)
        await rig.refresh(client, str(tokens["refresh_token"]), **form)
        for broken in ({"code_verifier": code}, {"client_secret": code}, {"scope": code}):
            await rig.exchange(client, code, **(form | broken))
            await rig.refresh(client, str(tokens["access_token"]), **(form | broken))
            await rig.post("/revoke", form | broken, client)
        async with ClientSession() as session:
            for path in ("/authorize", "/token", "/authorize/callback", "/nowhere"):
                await session.get(f"{rig.url}{path}?code={code}&state={login.fields['flow']}")
        rig.upstream.assert_untouched()
    written = "".join(capfd.readouterr())
    secret = [
        PASSWORD,
        code,
        str(client.secret),
        client.challenge.verifier,
        login.fields["flow"],
        str(tokens["refresh_token"]),
        str(tokens["access_token"]),
    ]
    kept = b"".join(path.read_bytes() for path in _files(tmp_path))

    assert written.count("mcp_request") > 10
    for each in secret:
        assert each[:40] not in written
        assert each.encode() not in kept


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.requirement("136", "146", "F11", "F15")
async def test_flood_of_registrations_and_odd_bodies_are_refused_early(
    tmp_path: Path, port: int
) -> None:
    more = ", registrations_per_address: 5/h"
    async with login_rig(tmp_path, port, more) as rig, ClientSession() as session:
        url = f"{rig.url}/register"
        bodies = [
            json.dumps({"redirect_uris": ["https://a.example/cb"] * 10_000}).encode(),
            json.dumps({"redirect_uris": ["https://a.example/cb"], "x": "x" * 1_000_000}).encode(),
            b'{"redirect_uris": ["https://a.example/cb"], "redirect_uris": ["https://evil/"]}',
            b"[" * 30_000,
            b'{"redirect_uris": ["https://a.example/cb"], "client_name": "\\ud800"}',
        ]
        statuses = []
        for body in [*bodies, b"{}", b"{}", b"{}"]:
            headers = {"Content-Type": "application/json"}
            async with session.post(url, data=body, headers=headers) as response:
                statuses.append(response.status)
                told = response.headers
        rig.upstream.assert_untouched()

    assert all(400 <= status < 500 for status in statuses)
    assert statuses[-1] == 429
    assert int(told["Retry-After"]) > 0
