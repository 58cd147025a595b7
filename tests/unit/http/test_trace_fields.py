"""The fields by which a request is found again in logs and traces."""

from gateway.http.trace_fields import NO_TRACE, parse_trace, trace_fields

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_trace_fields_are_found_in_any_spelling_and_in_their_order() -> None:
    fields = [(b"Host", b"a"), (b"TraceState", b"x=1"), (b"X-REQUEST-ID", b"r"), (b"Age", b"1")]

    assert trace_fields(fields) == [(b"TraceState", b"x=1"), (b"X-REQUEST-ID", b"r")]


def test_a_name_that_only_resembles_theirs_is_none_of_them() -> None:
    assert trace_fields([(b"X_Request_Id", b"r"), (b"Trace-Parent", PARENT)]) == []


def test_without_them_there_is_no_trace() -> None:
    assert parse_trace([]) is NO_TRACE


def test_the_request_id_is_read_and_not_passed_on() -> None:
    trace = parse_trace([(b"X-Request-Id", b"abc-1"), (b"Traceparent", PARENT)])

    assert trace.request_id == "abc-1"
    assert trace.traceparent == PARENT.decode()
    assert trace.passed_on == [(b"Traceparent", PARENT)]


def test_of_a_field_that_stands_twice_the_first_counts_and_all_are_passed_on() -> None:
    twice = [(b"traceparent", PARENT), (b"traceparent", b"00-2"), (b"tracestate", b"x=1")]
    trace = parse_trace([(b"x-request-id", b"one"), (b"x-request-id", b"two"), *twice])

    assert (trace.request_id, trace.traceparent) == ("one", PARENT.decode())
    assert trace.passed_on == twice


def test_bytes_that_are_no_text_survive() -> None:
    assert parse_trace([(b"x-request-id", b"\xff")]).request_id == "\udcff"
