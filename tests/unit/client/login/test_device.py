from collections.abc import Iterator

import pytest

from gateway.client.failure import ClientFailure
from gateway.client.login import device
from gateway.client.login.device import DeviceCode, DeviceFlow, parse_device_code
from gateway.client.tokens.logins import Registration
from gateway.client.web import Web
from tests.support.issuer_service import Asked, IssuerService, Scene

CODE = {"device_code": "d", "user_code": "AB-CD", "verification_uri": "https://idp.example/device"}
TOKEN = Scene({"access_token": "t", "token_type": "Bearer"})
RESOURCE = "https://mcp.example/mcp"


def flow(web: Web, service: IssuerService) -> DeviceFlow:
    url = service.url
    return DeviceFlow(web, f"{url}/device", f"{url}/token", Registration("c"), RESOURCE)


def code(lifetime_s: float = 60.0) -> DeviceCode:
    return DeviceCode("d", "AB-CD", "https://idp.example", None, lifetime_s, interval_s=0.001)


async def test_code_is_asked_for_with_resource_and_scopes() -> None:
    async with IssuerService({"/device": Scene(CODE)}) as service, Web() as web:
        found = await flow(web, service).begin(("a", "b"))

    assert (found.user_code, found.interval_s) == ("AB-CD", 5.0)
    assert service.asked[0].form == {"client_id": "c", "resource": RESOURCE, "scope": "a b"}


async def test_issuer_that_gives_no_code_is_told() -> None:
    scene = Scene({"error": "unauthorized_client"}, 400)
    async with IssuerService({"/device": scene}) as service, Web() as web:
        with pytest.raises(ClientFailure, match="unauthorized_client"):
            await flow(web, service).begin(())


async def test_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8628 §3.5."""
    monkeypatch.setattr(device, "_SLOWER_S", 0.001)
    pending, slower = Scene({"error": "authorization_pending"}, 400), Scene({"error": "slow_down"})
    answers: Iterator[Scene] = iter((pending, slower, TOKEN))

    def answer(asked: Asked) -> Scene:
        return next(answers)

    async with IssuerService({"/token": answer}) as service, Web() as web:
        tokens = await flow(web, service).wait(code())

    assert tokens.access_token == "t"  # noqa: S105  # not a password
    assert service.count("/token") == 3
    assert service.asked[0].form["resource"] == RESOURCE


@pytest.mark.parametrize("error", ["access_denied", "expired_token"])
async def test_refusal_ends_the_wait(error: str) -> None:
    scene = Scene({"error": error}, 400)
    async with IssuerService({"/token": scene}) as service, Web() as web:
        with pytest.raises(ClientFailure, match=error):
            await flow(web, service).wait(code())


async def test_nobody_types_the_code() -> None:
    async with IssuerService() as service, Web() as web:
        with pytest.raises(ClientFailure, match="nobody typed the code"):
            await flow(web, service).wait(code(lifetime_s=0))


def test_link_with_the_code_is_shown_only_when_it_is_safe() -> None:
    complete = {"verification_uri_complete": "https://idp.example/device?c=AB-CD", "interval": "2"}

    assert parse_device_code(CODE | complete).complete_uri is not None
    assert parse_device_code(CODE | complete).interval_s == 2.0
    assert parse_device_code({**CODE, "verification_uri_complete": "x:y"}).complete_uri is None


@pytest.mark.parametrize("wrong", [{"user_code": None}, {"verification_uri": "javascript:x"}])
def test_code_that_leads_astray_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ClientFailure, match="no usable device code"):
        parse_device_code(CODE | wrong)
