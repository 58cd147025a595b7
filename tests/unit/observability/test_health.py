from gateway.observability.health import Condition, Readiness


def test_named_condition_is_not_ready_until_it_is_set() -> None:
    readiness = Readiness("listener")

    assert not readiness.ready
    assert readiness.conditions == {"listener": Condition("starting")}

    readiness.set_ready("listener")
    assert readiness.ready


def test_one_condition_that_does_not_hold_is_enough() -> None:
    readiness = Readiness()
    readiness.set_ready("listener")

    readiness.set_not_ready("keys of corp", "no keys yet")

    assert not readiness.ready


def test_watched_condition_is_asked_each_time() -> None:
    reasons = ["keys are too old"]
    readiness = Readiness()
    readiness.watch("keys of corp", lambda: reasons[0])

    assert not readiness.ready

    reasons[0] = ""
    assert readiness.ready


def test_draining_is_not_ready_whatever_else_holds() -> None:
    readiness = Readiness()
    assert readiness.ready

    readiness.drain()

    assert not readiness.ready
    assert readiness.draining
