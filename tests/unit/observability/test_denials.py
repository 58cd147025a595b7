from gateway.observability.denials import Denials
from tests.unit.observability.conftest import a_call


def test_newest_refusal_stands_first_and_fifty_are_kept() -> None:
    denials = Denials()

    for number in range(60):
        refused = a_call(request_id=f"id-{number}", decision="deny", reason="expired")
        denials.note(refused)

    assert len(denials.latest) == 50
    assert denials.latest[0].request_id == "id-59"


def test_what_was_allowed_is_not_kept() -> None:
    denials = Denials()

    denials.note(a_call())

    assert not denials.latest


def test_who_was_refused_is_not_kept() -> None:
    denials = Denials()

    denials.note(a_call(decision="deny", reason="scope_missing"))

    assert "ada" not in repr(denials.latest)
