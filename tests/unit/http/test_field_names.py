import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.field_names import (
    fold,
    is_dropped_from_request,
    is_dropped_from_response,
    is_end_to_end,
    is_hop_by_hop,
    is_reserved,
)


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


@pytest.mark.parametrize(("name", "reserved"), [(b"host", True), (b"x-forwarded-user", False)])
def test_identity_headers_take_no_name_that_has_a_meaning(name: bytes, reserved: bool) -> None:
    assert is_reserved(name) is reserved
