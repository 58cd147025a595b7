import logging

import pytest

from gateway.observability.log.seldom import Seldom

pytestmark = pytest.mark.requirement("U12")


def test_the_same_message_is_told_once_a_while_with_how_often_it_came(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    seldom = Seldom(logging.getLogger("x"), 60.0, lambda: now[0])

    for _ in range(1000):
        seldom.warn("full", address="192.0.2.1")
    now[0] = 60.0
    seldom.warn("full", address="192.0.2.1")

    assert [record.getMessage() for record in caplog.records] == ["full", "full"]
    assert vars(caplog.records[1])["repeated"] == 999
    assert "repeated" not in vars(caplog.records[0])


def test_another_message_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    seldom = Seldom(logging.getLogger("x"))

    seldom.warn("full")
    seldom.warn("empty")

    assert len(caplog.records) == 2
