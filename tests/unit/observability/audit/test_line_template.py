"""Audit lines of requests of one kind."""

import json

import msgspec
import pytest

from gateway.observability.audit.audit import MAX_LINE_BYTES, audit_line
from gateway.observability.audit.line_template import LineTemplate, line_template, own_part
from gateway.observability.audit.outcome import RequestOutcome
from tests.unit.observability.conftest import a_call


def template(**changes: object) -> LineTemplate:
    found = line_template(a_call(**changes))
    assert found is not None
    return found


def test_a_line_is_what_the_outcome_alone_would_give() -> None:
    other = a_call(request_id="fedcba9876543210", jsonrpc_id="a", duration_s=1.5, bytes_out=7)

    line = template().line(own_part(other))

    assert line == audit_line(other)


@pytest.mark.requirement("20")
@pytest.mark.parametrize(
    "written",
    [
        {"jsonrpc_id": "eyJhbGciOi.eyJzdWIi.sig"},
        {"jsonrpc_id": "a\x7fb"},
        {"jsonrpc_id": "a\u202eb"},
        {"jsonrpc_id": "x" * 65},
        {"client_request_id": "Bearer-abc"},
    ],
)
def test_what_a_client_wrote_is_looked_at_each_time(written: dict[str, object]) -> None:
    assert template().line(own_part(a_call(**written))) is None


def test_a_line_that_gets_too_long_is_not_made_so() -> None:
    long = template(session="s" * (MAX_LINE_BYTES - 700))

    fits = long.line(own_part(a_call()))
    assert fits is not None
    assert len(fits) <= MAX_LINE_BYTES
    assert long.line(own_part(a_call(trace_id="0" * 400))) is None


@pytest.mark.parametrize(
    "common",
    [{"name": "eyJhbGciOi.x.y"}, {"subject": "a\u202eb"}, {"server": ""}, {"verified": False}],
)
def test_a_kind_that_needs_a_closer_look_has_no_template(common: dict[str, object]) -> None:
    assert line_template(a_call(**common)) is None


def test_every_member_of_an_outcome_is_in_the_line_once() -> None:
    line = template().line(own_part(a_call()))
    assert line is not None

    pairs = json.loads(line, object_pairs_hook=list)

    names = [field.name for field in msgspec.structs.fields(RequestOutcome)]
    assert sorted(name for name, _ in pairs) == sorted(["event", *names])
