"""Equal challenges to one caller are counted, others are not."""

from gateway.identity.principal import Principal
from gateway.proxy.limits.step_up import MAX_CHALLENGES, WINDOW_S, StepUps


class HandClock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


ADA = Principal(issuer="https://idp.example", subject="ada")
WRITE, READ = frozenset({"write"}), frozenset({"read"})


def test_one_challenge_too_many_is_a_loop() -> None:
    clock = HandClock()
    step_ups = StepUps(clock)

    told = [step_ups.is_loop(ADA, WRITE) for _ in range(MAX_CHALLENGES + 1)]

    assert told == [False] * MAX_CHALLENGES + [True]
    assert not step_ups.is_loop(ADA, READ)


def test_after_a_while_it_is_a_new_try() -> None:
    clock = HandClock()
    step_ups = StepUps(clock)
    for _ in range(MAX_CHALLENGES):
        step_ups.is_loop(ADA, WRITE)
    clock.now += WINDOW_S + 1

    assert not step_ups.is_loop(ADA, WRITE)
