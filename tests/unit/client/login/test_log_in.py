"""The parts of a login that no real provider shows; whole logins are in integration/."""

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode

import pytest

from gateway.client.failure import ClientFailure
from gateway.client.login.log_in import LoginWishes, Terminal, log_in
from gateway.client.login.registration import GivenClient
from gateway.client.web import Web
from gateway.oauth.pkce import build_code_challenge
from tests.support.browser import visit
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.support.open_server import open_to_all

OAUTH = "/.well-known/oauth-authorization-server"
PRM = "/.well-known/oauth-protected-resource/mcp"
SILENT = Terminal(lambda line: None, lambda url: None)


def protected(service: IssuerService, **members: object) -> None:
    """Make the service a server and its issuer, which lets everybody in."""
    url = service.url
    service.scenes["/mcp"] = Scene(b"", 401)
    service.scenes[PRM] = Scene({"resource": f"{url}/mcp", "authorization_servers": [url]})
    endpoints = {f"{name}_endpoint": f"{url}/{name}" for name in ("authorization", "token")}
    pkce = {"code_challenge_methods_supported": ["S256"]}
    service.scenes[OAUTH] = Scene({"issuer": url, **endpoints, **pkce, **members})


async def test_server_that_wants_no_token_says_so_and_registers_nobody() -> None:
    async with IssuerService({"/mcp": open_to_all}) as service, Web() as web:
        with pytest.raises(ClientFailure, match="needs no token"):
            await log_in(web, f"{service.url}/mcp", LoginWishes(), SILENT)

    assert {each.path for each in service.asked} == {"/mcp", PRM, PRM.removesuffix("/mcp")}


async def test_what_is_no_mcp_server_is_told() -> None:
    async with IssuerService() as service, Web() as web:
        with pytest.raises(ClientFailure, match="check the path"):
            await log_in(web, f"{service.url}/mcp", LoginWishes(), SILENT)


async def test_issuer_without_pkce_sees_no_browser() -> None:
    async with IssuerService() as service, Web() as web:
        protected(service, code_challenge_methods_supported=["plain"])
        with pytest.raises(ClientFailure, match="PKCE"):
            await log_in(web, f"{service.url}/mcp", LoginWishes(), SILENT)


async def test_issuer_without_a_login_is_told() -> None:
    async with IssuerService() as service, Web() as web:
        protected(service, authorization_endpoint=None)
        with pytest.raises(ClientFailure, match="no usable authorization_endpoint"):
            await log_in(web, f"{service.url}/mcp", LoginWishes(), SILENT)


async def test_issuer_without_device_login_is_told() -> None:
    async with IssuerService() as service, Web() as web:
        protected(service)
        with pytest.raises(ClientFailure, match="no device login"):
            await log_in(web, f"{service.url}/mcp", LoginWishes(device=True), SILENT)


def redirecting(iss: str) -> Callable[[Asked], Scene]:
    """An authorization endpoint that lets everybody in and says that it is `iss`."""

    def redirect(asked: Asked) -> Scene:
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        response = urlencode({"code": "c", "state": query["state"], "iss": iss})
        return Scene(b"", 302, {"Location": f"{query['redirect_uri']}?{response}"})

    return redirect


async def test_everything_goes_to_the_issuer_that_was_found() -> None:
    token = {"access_token": "t", "token_type": "Bearer", "expires_in": 60}
    async with IssuerService() as service, Web() as web, asyncio.TaskGroup() as group:
        protected(service, revocation_endpoint=f"{service.url}/revoke")
        service.scenes["/authorization"] = redirecting(service.url)
        service.scenes["/token"] = Scene(token)
        terminal = Terminal(lambda line: None, lambda url: group.create_task(visit(url, {})))
        wishes = LoginWishes(GivenClient("known"))
        login = await log_in(web, f"{service.url}/mcp", wishes, terminal)

    form = service.asked[-1].form
    assert login.key == (service.url, f"{service.url}/mcp")
    assert (login.token_endpoint, login.revocation_endpoint) == (
        f"{service.url}/token",
        f"{service.url}/revoke",
    )
    assert (form["code"], form["resource"], form["client_id"]) == ("c", login.resource, "known")
    assert build_code_challenge(form["code_verifier"]) in service.asked[-2].query


async def test_device_login_tells_what_to_type() -> None:
    code = {"device_code": "d", "user_code": "AB-CD", "interval": 0.001}
    links = {
        name: "https://idp.example/d" for name in ("verification_uri", "verification_uri_complete")
    }
    told: list[str] = []
    async with IssuerService() as service, Web() as web:
        protected(service, device_authorization_endpoint=f"{service.url}/device")
        service.scenes["/device"] = Scene(code | links)
        service.scenes["/token"] = Scene({"access_token": "t", "token_type": "Bearer"})
        wishes = LoginWishes(GivenClient("known"), device=True)
        await log_in(web, f"{service.url}/mcp", wishes, Terminal(told.append, lambda url: None))

    assert told == ["Go to https://idp.example/d and type AB-CD", "or open https://idp.example/d"]


@pytest.mark.requirement("65")
async def test_code_of_another_issuer_reaches_no_token_endpoint() -> None:
    """RFC 9207 §1: a mix-up would hand the code to whoever started it."""
    async with IssuerService() as service, Web() as web, asyncio.TaskGroup() as group:
        protected(service)
        service.scenes["/authorization"] = redirecting("https://evil.example")
        terminal = Terminal(lambda line: None, lambda url: group.create_task(visit(url, {})))
        with pytest.raises(ClientFailure, match=r"names https://evil\.example"):
            await log_in(web, f"{service.url}/mcp", LoginWishes(GivenClient("known")), terminal)

    assert service.count("/token") == 0
