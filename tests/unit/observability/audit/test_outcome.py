import pytest

from gateway.observability.audit.outcome import trace_id_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_trace_id_is_the_second_part_of_a_traceparent() -> None:
    """W3C Trace Context §3.2.2."""
    assert trace_id_of(f"00-{TRACE}-00f067aa0ba902b7-01") == TRACE


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "garbage",
        f"00-{TRACE}",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-01\r\nX: y",
        f"00-{TRACE[:-1]}\x1b-00f067aa0ba902b7-01",
    ],
)
def test_malformed_traceparent_has_no_trace_id(traceparent: str) -> None:
    assert trace_id_of(traceparent) is None
