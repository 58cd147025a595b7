import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.field_names import (
    Fields,
    fold,
    is_dropped_from_request,
    is_dropped_from_response,
    is_end_to_end,
    is_hop_by_hop,
    is_reserved,
)
from gateway.http.header_table import Row


@pytest.mark.requirement("I3")
@pytest.mark.parametrize("name", [b"X-User-Id", b"x_user_id", b"X.USER.ID", b"x~User|id"])
def test_all_spellings_fold_to_one(name: bytes) -> None:
    assert fold(name) == b"x-user-id"


@given(st.binary(max_size=40))
def test_folding_again_changes_nothing(name: bytes) -> None:
    assert fold(fold(name)) == fold(name)


@pytest.mark.requirement("159")
@pytest.mark.parametrize(
    "name",
    [b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"],
)
def test_hop_by_hop_fields_are_dropped_both_ways(name: bytes) -> None:
    assert is_hop_by_hop(name)
    assert is_dropped_from_request(name)
    assert is_dropped_from_response(name)


@pytest.mark.requirement("10")
@pytest.mark.parametrize(
    "name",
    [b"authorization", b"cookie", b"dpop", b"forwarded", b"x-forwarded-host", b"x-gateway-x"],
)
def test_fields_of_the_gateway_end_here(name: bytes) -> None:
    assert is_dropped_from_request(name)
    assert is_end_to_end(name)


@pytest.mark.parametrize("name", [b"accept", b"mcp-name", b"x-custom", b"traceparent"])
def test_other_fields_pass(name: bytes) -> None:
    assert not is_dropped_from_request(name)
    assert not is_dropped_from_response(name)


ENVELOPE = [b"accept-encoding", b"authorization", b"content-length", b"expect", b"host"]
HOP = [b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-request-id"]
JUDGED_BY = [b"accept", b"last-event-id", b"origin", b"traceparent", b"tracestate", b"via"]
JUDGED_BY += [b"content-type", b"content-encoding", b"mcp-name", b"mcp-param-x"]


@pytest.mark.requirement("I1", "158")
@pytest.mark.parametrize("name", [*ENVELOPE, *HOP, *JUDGED_BY, b"upgrade", b"proxy-x"])
def test_identity_headers_take_no_name_that_has_a_meaning(name: bytes) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize(
    "name", [b"x-forwarded-user", b"x-user-id", b"accepted", b"contents", b"mcp", b"x-host"]
)
def test_other_names_are_free(name: bytes) -> None:
    assert not is_reserved(name)


@pytest.mark.requirement("158", "H9")
@pytest.mark.parametrize("name", [*JUDGED_BY, b"authorization", b"cookie", b"mcp-session-id"])
def test_connection_must_not_take_away_what_a_request_was_judged_by(name: bytes) -> None:
    assert is_end_to_end(name)


@pytest.mark.parametrize("name", [b"close", b"keep-alive", b"te", b"proxy-x", b"x-custom", b"mcp"])
def test_connection_may_name_the_others(name: bytes) -> None:
    assert not is_end_to_end(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"a-b", True),
        (b"c", True),
        (b"p-x", True),
        (b"p-", True),
        (b"p", False),
        (b"px", False),
        (b"a-bc", False),
        (b"x-a-b", False),
        (b"x-p-x", False),
    ],
)
def test_a_star_stands_for_every_ending(name: bytes, expected: bool) -> None:
    rows = [Row(("a-b", "p-*"), "one"), Row(("c",), "other")]

    assert (name in Fields(rows)) is expected
