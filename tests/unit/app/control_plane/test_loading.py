"""A control plane that may not be there yet."""

import asyncio
from pathlib import Path

from gateway.app.control_plane.loading import LateControlPlane, late_control_plane
from gateway.proxy.gate.route import Application, ControlPlane
from tests.unit.app.control_plane.test_hosts import parts
from tests.unit.proxy.inbound.listening import LIMIT_S

CONTROL = ControlPlane({}, Application({}, asyncio.Protocol))


async def test_who_needs_it_waits_until_it_is_there() -> None:
    late = LateControlPlane()
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(late.loaded()) for _ in range(2)]
        async with asyncio.timeout(LIMIT_S):
            await late.wanted.wait()
        assert not any(task.done() for task in waiting)

        late.set(CONTROL)

    assert [task.result() for task in waiting] == [CONTROL, CONTROL]
    assert await late.loaded() is CONTROL


async def test_it_is_built_when_it_is_wanted(tmp_path: Path) -> None:
    async with (
        asyncio.TaskGroup() as group,
        late_control_plane(parts(tmp_path), group) as late,
        asyncio.timeout(LIMIT_S),
    ):
        assert "/health" in (await late.loaded()).anywhere.methods


async def test_what_nobody_wanted_ends_without_it(tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group, late_control_plane(parts(tmp_path), group) as late:
        pass

    assert not late.wanted.is_set()
