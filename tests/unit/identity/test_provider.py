"""Asking an identity provider, with bounds."""

import asyncio

import pytest

from gateway.errors import IdentityUnavailable
from gateway.identity import provider as module
from gateway.identity.fetch import Call
from tests.support.issuer_service import IssuerService, Scene
from tests.unit.identity.conftest import Asking, HandClock


@pytest.mark.parametrize("status", [200, 400, 401, 404])
async def test_an_answer_is_an_answer_whatever_it_says(
    service: IssuerService, asking: Asking, status: int
) -> None:
    service.scenes["/ask"] = Scene({"a": 1}, status)

    answer = await asking.provider.ask(Call(f"{service.url}/ask"))

    assert (answer.status, answer.document) == (status, {"a": 1})
    assert asking.results == ["ok"]


@pytest.mark.requirement("122", "C5")
@pytest.mark.parametrize("scene", [Scene(status=500), Scene(status=429), Scene(b"<html>")])
async def test_no_sensible_answer_is_unavailable(
    service: IssuerService, asking: Asking, scene: Scene
) -> None:
    service.scenes["/ask"] = scene

    with pytest.raises(IdentityUnavailable):
        await asking.provider.ask(Call(f"{service.url}/ask"))

    assert asking.results == ["failed"]


async def test_a_provider_that_asks_for_patience_gets_it(
    service: IssuerService, asking: Asking
) -> None:
    service.scenes["/ask"] = Scene(status=429, headers={"Retry-After": "7"})

    with pytest.raises(IdentityUnavailable) as error:
        await asking.provider.ask(Call(f"{service.url}/ask"))

    assert error.value.retry_after_s == 7


async def test_a_slow_provider_is_given_up(service: IssuerService, asking: Asking) -> None:
    asking.provider.timeout_s = 0.05
    service.gate.clear()

    with pytest.raises(IdentityUnavailable):
        await asking.provider.ask(Call(f"{service.url}/ask"))


async def test_an_open_circuit_asks_nobody_until_the_time_has_come(
    service: IssuerService, asking: Asking, clock: HandClock
) -> None:
    service.scenes["/ask"] = Scene(status=500)
    for _ in range(3):
        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(Call(f"{service.url}/ask"))
    assert asking.results == ["failed", "failed", "refused"]

    service.scenes["/ask"] = Scene()
    clock.advance(10)
    await asking.provider.ask(Call(f"{service.url}/ask"))

    assert service.count("/ask") == 3


async def test_an_outage_is_logged_once(
    service: IssuerService, asking: Asking, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    service.scenes["/ask"] = Scene(status=500)
    for wait_s in (0, 0, 10, 20):
        clock.advance(wait_s)
        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(Call(f"{service.url}/ask"))

    assert service.count("/ask") == 4
    assert len(caplog.records) == 2


async def test_a_try_whose_caller_went_away_lets_the_next_one_try(
    service: IssuerService, asking: Asking, clock: HandClock
) -> None:
    service.scenes["/ask"] = Scene(status=500)
    for _ in range(2):
        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(Call(f"{service.url}/ask"))
    clock.advance(10)
    service.scenes["/ask"] = Scene()
    service.gate.clear()
    service.came.clear()
    async with asyncio.TaskGroup() as group:
        gone = group.create_task(asking.provider.ask(Call(f"{service.url}/ask")))
        await service.came.wait()
        gone.cancel()
    service.gate.set()

    assert (await asking.provider.ask(Call(f"{service.url}/ask"))).status == 200


async def test_only_so_many_may_wait(
    service: IssuerService, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 1)
    service.gate.clear()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(asking.provider.ask(Call(f"{service.url}/ask")))
        await service.came.wait()

        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(Call(f"{service.url}/ask"))
        service.gate.set()

    assert first.result().status == 404
    assert asking.results == ["refused", "ok"]


def test_what_only_the_operator_can_mend_is_logged(
    asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    error = asking.provider.misconfigured("status 401")

    assert error.status == 503
    assert caplog.records[0].levelname == "ERROR"


@pytest.mark.parametrize("header", [{"Retry-After": "60"}, {"X-RateLimit-Remaining": "0"}])
async def test_a_refusal_for_asking_too_often_says_nothing_about_the_token(
    service: IssuerService, asking: Asking, header: dict[str, str]
) -> None:
    service.scenes["/ask"] = Scene(status=403, headers=header)

    with pytest.raises(IdentityUnavailable):
        await asking.provider.ask(Call(f"{service.url}/ask"))
