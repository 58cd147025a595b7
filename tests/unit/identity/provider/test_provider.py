"""Asking an identity provider, with bounds."""

import asyncio
from contextlib import suppress

import pytest

from gateway.errors import IdentityUnavailable
from gateway.identity.provider import provider as module
from gateway.identity.provider.fetch import Call
from gateway.identity.provider.provider import SOUND_FOR_S
from gateway.identity.provider.question import Question, Sample
from tests.support.hand_clock import HandClock
from tests.support.issuer_service import IssuerService, Scene
from tests.unit.identity.conftest import Asking


def _about(service: IssuerService) -> Question:
    return Question(Call(f"{service.url}/ask"))


def _sampled(service: IssuerService, path: str = "/strange") -> Question:
    """A question about one caller; who asks the sample's path asks for nobody."""
    sample = Sample(lambda: Call(f"{service.url}/sample"), lambda answer: answer.status == 200)
    return Question(Call(service.url + path), lambda answer: answer.status == 200, sample)


@pytest.mark.parametrize("status", [200, 400, 401, 404])
async def test_an_answer_is_an_answer_whatever_it_says(
    service: IssuerService, asking: Asking, status: int
) -> None:
    service.scenes["/ask"] = Scene({"a": 1}, status)

    answer = await asking.provider.ask(_about(service))

    assert (answer.status, answer.document) == (status, {"a": 1})
    assert asking.results == ["ok"]


@pytest.mark.requirement("122", "C5")
@pytest.mark.parametrize("scene", [Scene(status=500), Scene(status=429)])
async def test_no_sensible_answer_is_unavailable(
    service: IssuerService, asking: Asking, scene: Scene
) -> None:
    service.scenes["/ask"] = scene

    with pytest.raises(IdentityUnavailable):
        await asking.provider.ask(_about(service))

    assert asking.results == ["failed"]


async def test_a_provider_that_asks_for_patience_gets_it(
    service: IssuerService, asking: Asking
) -> None:
    service.scenes["/ask"] = Scene(status=429, headers={"Retry-After": "7"})

    with pytest.raises(IdentityUnavailable) as error:
        await asking.provider.ask(_about(service))

    assert error.value.retry_after_s == 7


async def test_a_slow_provider_is_given_up(service: IssuerService, asking: Asking) -> None:
    asking.provider.timeout_s = 0.05
    service.gate.clear()

    with pytest.raises(IdentityUnavailable):
        await asking.provider.ask(_about(service))


async def test_an_open_circuit_asks_nobody_until_the_time_has_come(
    service: IssuerService, asking: Asking, clock: HandClock
) -> None:
    service.scenes["/ask"] = Scene(status=500)
    for _ in range(3):
        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(_about(service))
    assert asking.results == ["failed", "failed", "refused"]

    service.scenes["/ask"] = Scene()
    clock.advance(10)
    await asking.provider.ask(_about(service))

    assert service.count("/ask") == 3


async def test_an_outage_is_logged_once(
    service: IssuerService, asking: Asking, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    service.scenes["/ask"] = Scene(status=500)
    for wait_s in (0, 0, 10, 20):
        clock.advance(wait_s)
        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(_about(service))

    assert service.count("/ask") == 4
    assert len(caplog.records) == 2


async def test_a_try_whose_caller_went_away_lets_the_next_one_try(
    service: IssuerService, asking: Asking, clock: HandClock
) -> None:
    service.scenes["/ask"] = Scene(status=500)
    for _ in range(2):
        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(_about(service))
    clock.advance(10)
    service.scenes["/ask"] = Scene()
    service.gate.clear()
    service.came.clear()
    async with asyncio.TaskGroup() as group:
        gone = group.create_task(asking.provider.ask(_about(service)))
        await service.came.wait()
        gone.cancel()
    service.gate.set()

    assert (await asking.provider.ask(_about(service))).status == 200


async def test_only_so_many_may_wait(
    service: IssuerService, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 1)
    service.gate.clear()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(asking.provider.ask(_about(service)))
        await service.came.wait()

        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(_about(service))
        service.gate.set()

    assert first.result().status == 404
    assert asking.results == ["refused", "ok"]


async def test_what_only_the_operator_can_mend_is_logged_and_counts(
    service: IssuerService, asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    service.scenes["/sample"] = Scene({"error": "invalid_client"}, 401)
    for _ in range(2):
        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(_sampled(service))

    assert asking.provider.breaker.is_open
    assert [each.levelname for each in caplog.records] == ["ERROR", "ERROR"]
    assert asking.results == ["failed", "failed"]


@pytest.mark.requirement("A14")
@pytest.mark.parametrize(
    "scene",
    [
        Scene(status=400),
        Scene(status=404),
        Scene(status=413),
        Scene(status=431),
        Scene(status=302, headers={"Location": "/"}),
        Scene(status=403, headers={"Retry-After": "60"}),
        Scene(status=429),
        Scene(status=500),
        Scene(b"no JSON"),
        Scene(b'{"a":1,"a":2}'),
        Scene(b'{"a":"' + b"x" * 1_100_000 + b'"}'),
    ],
)
async def test_what_one_caller_causes_opens_the_circuit_for_nobody(
    service: IssuerService, asking: Asking, scene: Scene
) -> None:
    service.scenes |= {"/strange": scene, "/sample": Scene({}), "/good": Scene({})}
    for _ in range(10):
        with suppress(IdentityUnavailable):
            await asking.provider.ask(_sampled(service))
        assert (await asking.provider.ask(_sampled(service, "/good"))).status == 200
    for _ in range(10):
        with suppress(IdentityUnavailable):
            await asking.provider.ask(_sampled(service))

    assert not asking.provider.breaker.is_open
    assert (await asking.provider.ask(_sampled(service, "/good"))).status == 200


@pytest.mark.requirement("A14")
async def test_a_flood_of_strange_tokens_asks_the_sample_once_in_a_while(
    service: IssuerService, asking: Asking, clock: HandClock
) -> None:
    service.scenes["/sample"] = Scene({})
    for _ in range(10):
        assert (await asking.provider.ask(_sampled(service))).status == 404
    clock.advance(SOUND_FOR_S)
    await asking.provider.ask(_sampled(service))

    assert service.count("/sample") == 2


@pytest.mark.requirement("A14")
async def test_a_service_that_fails_its_sample_too_is_left_alone(
    service: IssuerService, asking: Asking
) -> None:
    service.scenes |= {"/strange": Scene(status=500), "/sample": Scene(status=500)}
    for _ in range(3):
        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(_sampled(service))

    assert asking.results == ["failed", "failed", "refused"]
    assert (service.count("/strange"), service.count("/sample")) == (2, 1)


@pytest.mark.requirement("A14")
async def test_the_try_of_an_open_circuit_is_decided_by_the_sample(
    service: IssuerService, asking: Asking, clock: HandClock
) -> None:
    service.scenes |= {"/strange": Scene(status=500), "/sample": Scene(status=500)}
    for _ in range(2):
        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(_sampled(service))
    service.scenes["/sample"] = Scene({})
    clock.advance(10)
    with pytest.raises(IdentityUnavailable):
        await asking.provider.ask(_sampled(service))

    assert not asking.provider.breaker.is_open


async def test_a_strange_answer_without_a_caller_is_the_services_fault(
    service: IssuerService, asking: Asking
) -> None:
    question = Question(
        Call(f"{service.url}/own"), lambda answer: answer.status == 200, by_caller=False
    )
    for _ in range(2):
        with pytest.raises(IdentityUnavailable):
            await asking.provider.ask(question)

    assert asking.provider.breaker.is_open


@pytest.mark.parametrize("header", [{"Retry-After": "60"}, {"X-RateLimit-Remaining": "0"}])
async def test_a_refusal_for_asking_too_often_says_nothing_about_the_token(
    service: IssuerService, asking: Asking, header: dict[str, str]
) -> None:
    service.scenes["/ask"] = Scene(status=403, headers=header)

    with pytest.raises(IdentityUnavailable):
        await asking.provider.ask(_about(service))
