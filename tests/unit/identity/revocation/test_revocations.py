import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.identity.principal import Principal
from gateway.identity.revocation.revocation import Revocation
from gateway.identity.revocation.revocations import KIND, POLL_S, Revocations
from gateway.store.sqlite import SqliteStore
from gateway.store.unavailable import StoreUnavailable
from tests.support.hand_clock import HandClock
from tests.unit.identity.revocation.conftest import World

ADA = Principal(issuer="https://issuer.example", subject="ada")
BOB = Principal(issuer="https://issuer.example", subject="bob")
REVOKED_ADA = Revocation("subject", "ada")
LIMIT_S = 5.0


@contextlib.asynccontextmanager
async def running(revocations: Revocations) -> AsyncIterator[None]:
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        task = group.create_task(revocations.run())
        yield
        task.cancel()


def _verdict(revocations: Revocations, principal: Principal, now: float) -> str:
    try:
        revocations.check(principal, now)
    except GatewayError as error:
        return error.reason
    return "accepted"


@pytest.mark.requirement("152", "C6")
async def test_who_is_added_is_refused_at_once_and_pardoned_when_removed(world: World) -> None:
    revocations = world.replica()
    await revocations.load()

    await revocations.add(REVOKED_ADA)
    assert _verdict(revocations, ADA, world.clock.wall) == "revoked"
    assert _verdict(revocations, BOB, world.clock.wall) == "accepted"

    assert await revocations.remove(REVOKED_ADA.identity) is True
    assert _verdict(revocations, ADA, world.clock.wall) == "accepted"
    assert await revocations.remove(REVOKED_ADA.identity) is False
    assert len(world.changes) == 2


@pytest.mark.requirement("152")
async def test_adding_twice_is_adding_once(world: World) -> None:
    revocations = world.replica()

    await revocations.add(REVOKED_ADA)
    await revocations.add(Revocation("subject", "ada", note="again"))

    assert revocations.listed() == (REVOKED_ADA,)
    assert len(world.changes) == 1
    assert await revocations.remove(REVOKED_ADA.identity) is True
    assert len(revocations) == 0


@pytest.mark.requirement("152")
async def test_a_pardon_is_for_one(world: World) -> None:
    revocations = world.replica()
    await revocations.load()
    await revocations.add(REVOKED_ADA)
    await revocations.add(Revocation("subject", "bob"))

    await revocations.remove(REVOKED_ADA.identity)

    assert revocations.listed() == (Revocation("subject", "bob"),)


async def test_what_did_not_change_is_not_read_again(world: World) -> None:
    revocations = world.replica()
    for _ in range(3):
        await revocations.load()
    assert world.store.read == 1

    await world.replica().add(REVOKED_ADA)
    await revocations.load()

    assert world.store.read == 2


def test_replicas_look_often_and_in_the_same_place() -> None:
    """Architecture: changes are seen twice a second; other versions read the same entries."""
    assert (POLL_S, KIND) == (0.5, "revocation")


@pytest.mark.requirement("152", "C6")
async def test_a_replica_learns_of_additions_and_pardons(world: World) -> None:
    one, two = world.replica(), world.replica()

    await one.add(REVOKED_ADA)
    await two.load()
    assert two.concerns(ADA)

    await one.remove(REVOKED_ADA.identity)
    await two.load()
    assert not two.concerns(ADA)


@pytest.mark.requirement("152", "C6")
async def test_changes_of_store_and_file_are_noticed_while_it_runs(world: World) -> None:
    revocations = world.replica(world.file())
    async with running(revocations):
        await world.replica().add(REVOKED_ADA)
        await world.until_revoked(revocations, ADA)

        world.write("revocations: [{subject: bob}]")
        await world.until_revoked(revocations, BOB)

    assert revocations.listed() == (Revocation("subject", "bob"), REVOKED_ADA)


async def test_a_store_that_hangs_does_not_hold_up_the_file(world: World) -> None:
    await world.replica().add(Revocation("group", "ops"))
    world.store.answers.clear()
    revocations = world.replica(world.file())
    async with running(revocations):
        await world.store.reading.wait()

        world.write("revocations: [{subject: ada}]")

        await world.until_revoked(revocations, ADA)


@pytest.mark.requirement("C6")
async def test_an_answer_that_was_overtaken_pardons_nobody(world: World) -> None:
    await world.replica().add(Revocation("group", "ops"))
    revocations = world.replica()
    world.store.answers.clear()
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        group.create_task(revocations.load())
        await world.store.reading.wait()
        adding = group.create_task(revocations.add(REVOKED_ADA))
        world.store.answers.set()
        await adding

    assert revocations.concerns(ADA)
    assert len(revocations) == 2


async def test_what_both_say_counts_until_neither_does(world: World) -> None:
    world.write("revocations: [{subject: ada}]")
    revocations = world.replica(world.file())
    await revocations.load()
    await revocations.add(REVOKED_ADA)
    assert revocations.listed() == (REVOKED_ADA,)

    await revocations.remove(REVOKED_ADA.identity)
    assert revocations.concerns(ADA)

    world.write("revocations: []")
    await revocations.load()
    assert not revocations.concerns(ADA)


async def test_looking_without_a_change_tells_nobody(world: World) -> None:
    world.write("revocations: [{subject: bob}]")
    revocations = world.replica(world.file())
    await revocations.add(REVOKED_ADA)
    await revocations.load()
    told = len(world.changes)

    await revocations.load()

    assert len(world.changes) == told


@pytest.mark.requirement("152", "C6")
async def test_an_unreachable_store_pardons_nobody_and_is_logged_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    revocations = world.replica()
    await revocations.add(REVOKED_ADA)
    assert revocations.is_current

    world.store.is_plugged = False
    await revocations.load()
    await revocations.load()

    assert revocations.concerns(ADA)
    assert not revocations.is_current
    errors = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert [vars(each)["error"] for each in errors] == ["Redis: ConnectionError"]


async def test_a_store_that_is_back_is_believed_again_and_logged_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    revocations = world.replica()
    await revocations.load()
    world.store.is_plugged = False
    await revocations.load()

    world.store.is_plugged = True
    await world.replica().add(REVOKED_ADA)
    for _ in range(2):
        await revocations.load()

    assert revocations.is_current
    assert revocations.concerns(ADA)
    told = [each.getMessage() for each in caplog.records]
    assert told.count("revocations can be read again") == 1


async def test_without_its_store_it_starts_with_what_the_file_says(world: World) -> None:
    world.write("revocations: [{subject: ada}]")
    world.store.is_plugged = False
    revocations = world.replica(world.file())

    await revocations.load()

    assert revocations.concerns(ADA)
    assert not revocations.is_current


async def test_what_cannot_be_kept_is_an_error_and_not_in_force(world: World) -> None:
    revocations = world.replica()
    world.store.is_plugged = False

    with pytest.raises(StoreUnavailable):
        await revocations.add(REVOKED_ADA)

    assert not revocations.concerns(ADA)
    assert not world.changes


async def test_a_broken_file_pardons_nobody_and_is_not_current(world: World) -> None:
    world.write("revocations: [{subject: ada}]")
    revocations = world.replica(world.file())
    await revocations.load()
    assert revocations.is_current

    world.write("")
    await revocations.load()

    assert revocations.concerns(ADA)
    assert not revocations.is_current


async def test_an_entry_ends_at_its_time_without_anybody_doing_anything(world: World) -> None:
    revocations = world.replica()
    await revocations.load()
    await revocations.add(Revocation("subject", "ada", until=world.clock.wall + 10))
    assert revocations.concerns(ADA)
    assert len(revocations) == 1

    world.clock.advance(10)

    assert not revocations.concerns(ADA)
    assert _verdict(revocations, ADA, world.clock.wall) == "accepted"
    assert revocations.listed() == ()


@pytest.mark.parametrize("value", [b"\xff", b"[]", b'{"subject": 1}', b'{"subject": NaN}'])
async def test_an_entry_that_is_not_understood_costs_only_itself(
    world: World, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await world.store.add(KIND, "odd", value, None)
    await world.store.add(KIND, "good", json.dumps({"subject": "ada"}).encode(), None)
    revocations = world.replica()

    await revocations.load()

    assert revocations.listed() == (REVOKED_ADA,)
    assert [vars(each)["id"] for each in caplog.records if each.levelno == logging.ERROR] == ["odd"]


@pytest.mark.requirement("A18")
async def test_what_an_entry_said_counts_on_while_it_is_not_understood(world: World) -> None:
    replica, other = world.replica(), world.replica()
    await replica.add(REVOKED_ADA)
    await other.load()
    await world.store.remove(KIND, REVOKED_ADA.identity)
    await world.store.add(KIND, REVOKED_ADA.identity, b"\xff", None)

    await other.load()

    assert _verdict(other, ADA, world.clock.wall) == "revoked"
    assert not other.is_current
    await world.store.remove(KIND, REVOKED_ADA.identity)
    await other.load()
    assert other.is_current


@pytest.mark.requirement("A18")
async def test_a_failure_that_nobody_foresaw_ends_nothing_and_is_told_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    revocations = world.replica()
    await revocations.load()
    world.store.surprise = LookupError("nobody foresaw this")
    async with running(revocations):
        while revocations.is_current:  # noqa: ASYNC110  # nothing tells when
            await asyncio.sleep(0)
        await revocations.load()
        world.store.surprise = None
        await world.store.add(KIND, "x", b'{"subject": "ada"}', None)
        await world.until_revoked(revocations, ADA)

    assert caplog.text.count("revocations cannot be read") == 1
    assert revocations.is_current


@pytest.mark.requirement("152", "C7")
async def test_groups_that_nobody_knows_may_be_the_revoked_one(world: World) -> None:
    unknown, known = replace(ADA, groups=None), replace(ADA, groups=("dev",))
    revocations = world.replica()
    await revocations.load()
    assert _verdict(revocations, unknown, world.clock.wall) == "accepted"

    await revocations.add(Revocation("group", "ops"))

    assert _verdict(revocations, unknown, world.clock.wall) == "groups_unknown"
    assert _verdict(revocations, known, world.clock.wall) == "accepted"
    assert (revocations.concerns(unknown), revocations.concerns(known)) == (True, False)


@pytest.mark.requirement("C6")
@pytest.mark.parametrize("text", [None, "", "revocations: [", "subject: ada"])
async def test_a_list_that_was_never_read_lets_nobody_in(text: str | None, world: World) -> None:
    if text is not None:
        world.write(text)
    revocations = world.replica(world.file())

    assert revocations.missing == "the store has not answered yet"
    assert _verdict(revocations, ADA, world.clock.wall) == "idp_unavailable"
    await revocations.load()
    assert revocations.missing == "the file of revocations could not be read yet"
    assert _verdict(revocations, ADA, world.clock.wall) == "idp_unavailable"

    world.write("revocations: []")
    await revocations.load()
    assert revocations.missing == ""
    assert _verdict(revocations, ADA, world.clock.wall) == "accepted"


@pytest.mark.requirement("152")
async def test_the_list_survives_a_restart(tmp_path: Path, clock: HandClock) -> None:
    before = SqliteStore(tmp_path / "store.sqlite3")
    await Revocations(before, None, clock.clocks).add(REVOKED_ADA)
    await before.aclose()

    store = SqliteStore(tmp_path / "store.sqlite3")
    revocations = Revocations(store, None, clock.clocks)
    await revocations.load()

    assert revocations.concerns(ADA)
    await store.aclose()
