import asyncio
from collections.abc import Iterator

import pytest

from gateway.authserver.accounts.password import hash_password, normal_password
from gateway.authserver.accounts.password_checks import PasswordChecks
from gateway.authserver.accounts.refusals import LoginThrottled

PASSWORD = normal_password("correct horse battery")
HASH = hash_password("correct horse battery")


@pytest.fixture
def checks() -> Iterator[PasswordChecks]:
    checks = PasswordChecks(at_once=1, waiting=1)
    yield checks
    checks.close()


async def test_the_right_password_is_told_from_a_wrong_one(checks: PasswordChecks) -> None:
    assert await checks.is_right(HASH, PASSWORD)
    assert not await checks.is_right(HASH, b"wrong")


async def test_the_loop_goes_on_meanwhile(checks: PasswordChecks) -> None:
    turns = 0
    async with asyncio.TaskGroup() as group:
        check = group.create_task(checks.is_right(HASH, PASSWORD))
        while not check.done():
            turns += 1
            await asyncio.sleep(0)

    assert turns > 10


async def test_only_so_many_wait(checks: PasswordChecks) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(checks.is_right(HASH, PASSWORD)) for _ in range(2)]
        await asyncio.sleep(0)

        with pytest.raises(LoginThrottled) as caught:
            await checks.is_right(HASH, PASSWORD)

    assert caught.value.reason == "too_many_logins"
    assert all(each.result() for each in waiting)
    assert await checks.is_right(HASH, PASSWORD)


async def test_who_goes_away_still_takes_the_place_until_the_work_is_done(
    checks: PasswordChecks,
) -> None:
    async with asyncio.TaskGroup() as group:
        gone = [group.create_task(checks.is_right(HASH, PASSWORD)) for _ in range(2)]
        await asyncio.sleep(0)
        for each in gone:
            each.cancel()

    with pytest.raises(LoginThrottled):
        await checks.is_right(HASH, PASSWORD)
