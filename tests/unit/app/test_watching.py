"""What the log says of changes while the gateway runs."""

import asyncio
import errno
import logging

import pytest

from gateway.app.watching import QUIET_S, RUN_OUT, Watcher
from gateway.observability.health import Readiness

pytestmark = pytest.mark.requirement("U12")


@pytest.fixture(autouse=True)
def _level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_readiness_is_told_when_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    reasons = ["no keys"]
    now = [0.0]
    readiness = Readiness()
    readiness.watch("issuer corp", lambda: reasons[0])
    watcher = Watcher(readiness, lambda: False, lambda: now[0])

    for reason in ("no keys", "no keys", "", ""):
        reasons[0] = reason
        watcher.look()
        now[0] += QUIET_S

    assert messages(caplog) == ["not ready", "ready"]
    assert vars(caplog.records[0])["conditions"] == ["issuer corp: no keys"]


def test_readiness_that_flickers_is_told_seldom(caplog: pytest.LogCaptureFixture) -> None:
    reasons = [""]
    readiness = Readiness()
    readiness.watch("issuer corp", lambda: reasons[0])
    watcher = Watcher(readiness, lambda: False, lambda: 0.0)

    for number in range(100):
        reasons[0] = "no keys" if number % 2 else ""
        watcher.look()

    assert messages(caplog) == ["ready"]


def test_a_gateway_that_drains_is_not_called_unready(caplog: pytest.LogCaptureFixture) -> None:
    readiness = Readiness("listener")
    readiness.drain()

    Watcher(readiness, lambda: False).look()

    assert messages(caplog) == []


async def test_descriptors_that_run_out_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    watcher = Watcher(Readiness(), lambda: True)
    loop = asyncio.get_running_loop()
    accepting = {"message": "socket.accept() out of system resource"}

    for _ in range(100):
        watcher.look()
        error = OSError(errno.EMFILE, "Too many open files")
        watcher.on_loop_error(loop, accepting | {"exception": error})

    assert messages(caplog).count(RUN_OUT) == 1


async def test_what_else_the_loop_complains_about_is_logged_as_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watcher = Watcher(Readiness(), lambda: False)

    watcher.on_loop_error(asyncio.get_running_loop(), {"message": "odd"})

    assert messages(caplog) == ["odd"]
