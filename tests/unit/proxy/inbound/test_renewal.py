"""When a stream's verdict is due, and what ends the stream."""

from dataclasses import dataclass, field

import pytest

from gateway.errors import AccessDenied, GatewayError, IdentityUnavailable, InvalidToken
from gateway.proxy.inbound.renewal import MIN_INTERVAL_S, UNKNOWN_FOR_S, Renewal

pytestmark = pytest.mark.requirement("A15")


@dataclass
class Issuer:
    """Confirms until it is given an error to raise; `now` is a clock that is moved by hand."""

    error: GatewayError | None = None
    interval_s: float = 10.0
    now: float = 100.0
    asked: list[float] = field(default_factory=list)

    async def confirm(self, now: float) -> float:
        self.asked.append(now)
        if self.error is not None:
            raise self.error
        return self.interval_s

    def renewal(self, interval_s: float = 10.0) -> Renewal:
        return Renewal(self.confirm, interval_s, lambda: self.now)


async def test_it_is_due_once_per_interval() -> None:
    issuer = Issuer()
    renewal = issuer.renewal()
    issuer.now += 9
    assert not renewal.begin()
    issuer.now += 1

    assert [renewal.begin(), renewal.begin()] == [True, False]
    assert await renewal.renew(5.0) is None
    assert issuer.asked == [5.0]


async def test_the_last_verdict_says_when_the_next_is_due() -> None:
    issuer = Issuer(interval_s=30)
    renewal = issuer.renewal(0.0)
    issuer.now += MIN_INTERVAL_S
    assert renewal.begin()
    await renewal.renew(0.0)
    issuer.now += 29
    assert not renewal.begin()
    issuer.now += 1
    assert renewal.begin()


@pytest.mark.parametrize(
    "error", [InvalidToken("No.", reason="inactive"), AccessDenied("Not here.")]
)
async def test_who_would_be_refused_now_loses_the_stream(error: GatewayError) -> None:
    assert await Issuer(error).renewal().renew(0.0) == "revoked"


async def test_an_outage_is_waited_for_but_not_for_ever() -> None:
    issuer = Issuer(IdentityUnavailable("Away."))
    renewal = issuer.renewal()
    issuer.now += 10 + UNKNOWN_FOR_S - 1
    assert await renewal.renew(0.0) is None
    issuer.now += 1
    assert await renewal.renew(0.0) == "expired"
