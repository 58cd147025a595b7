"""The parts of a login that no real provider shows; whole logins are in integration/."""

import asyncio

import pytest

from gateway.client.failure import ClientFailure
from gateway.client.login.log_in import LoginWishes, Terminal, log_in
from gateway.client.login.registration import GivenClient
from gateway.client.web import Web
from tests.support.browser import visit
from tests.support.issuer_service import Asked, IssuerService, Scene

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
    answer = {"jsonrpc": "2.0", "id": 1, "result": {}}
    async with IssuerService({"/mcp": Scene(answer)}) as service, Web() as web:
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


async def test_issuer_without_device_login_is_told() -> None:
    async with IssuerService() as service, Web() as web:
        protected(service)
        with pytest.raises(ClientFailure, match="no device login"):
            await log_in(web, f"{service.url}/mcp", LoginWishes(device=True), SILENT)


@pytest.mark.requirement("65")
async def test_code_of_another_issuer_reaches_no_token_endpoint() -> None:
    """RFC 9207 §1: a mix-up would hand the code to whoever started it."""

    def redirect(asked: Asked) -> Scene:
        query = dict(pair.split("=") for pair in asked.query.split("&"))
        back = query["redirect_uri"].replace("%3A", ":").replace("%2F", "/")
        iss = "https%3A%2F%2Fevil.example"
        return Scene(b"", 302, {"Location": f"{back}?code=c&state={query['state']}&iss={iss}"})

    async with IssuerService() as service, Web() as web, asyncio.TaskGroup() as group:
        protected(service)
        service.scenes["/authorization"] = redirect
        terminal = Terminal(lambda line: None, lambda url: group.create_task(visit(url, {})))
        with pytest.raises(ClientFailure, match=r"names https://evil\.example"):
            await log_in(web, f"{service.url}/mcp", LoginWishes(GivenClient("known")), terminal)

    assert service.count("/token") == 0
