"""From the record of a request to what is told of it."""

import time
from collections.abc import Hashable
from http import HTTPStatus

from gateway.mcp.operation import Operation
from gateway.observability.audit.line_template import OwnPart
from gateway.observability.audit.outcome import RequestOutcome, Result, trace_id_of
from gateway.observability.audit.redact import redact
from gateway.observability.metrics.labels import result_of
from gateway.observability.reasons import decision_of
from gateway.observability.times import iso_time
from gateway.proxy.gate.record import RequestRecord

_NO_OPERATION = Operation()


def outcome_of(record: RequestRecord) -> RequestOutcome:
    """Build the one account of a request from what became known."""
    operation = record.operation
    who = record.principal or record.claimed
    answer = _answer_of(record)
    return RequestOutcome(
        time=iso_time(record.began_at),
        request_id=record.request_id,
        jsonrpc_id=record.message_id,
        client_request_id=record.sent_request_id,
        trace_id=trace_id_of(record.traceparent) if record.traceparent else None,
        duration_s=time.perf_counter() - record.started,
        auth_s=record.auth_s,
        upstream_s=record.upstream_s,
        bytes_in=record.bytes_in,
        bytes_out=record.bytes_out,
        http_method=record.http_method,
        status=record.status,
        server="" if record.route is None else record.route.name,
        decision=decision_of(record.reason),
        reason=record.reason,
        scheme="none" if record.principal is None else record.principal.scheme,
        subject=None if who is None else who.subject,
        issuer=None if who is None else who.issuer,
        client_id=None if who is None else who.client_id,
        mcp_method=None if operation is None else operation.method,
        name=None if operation is None else operation.name,
        address=record.address,
        streamed=record.streamed,
        client_gone=record.client_gone,
        ended=record.ended,
        rule=record.rule,
        would_deny=record.would_deny,
        session=record.session.name if record.session is not None else None,
        result=result_of(
            record.reason, record.status, client_gone=record.client_gone, answer=answer
        ),
        error_code=record.answer.code,
        verified=_is_verified(record),
        host=record.host,
        path=record.path if record.route is None else None,
        upstream_seen=None if record.upstream_seen is None else redact(record.upstream_seen),
    )


def own_part_of(record: RequestRecord, duration_s: float) -> OwnPart:
    """What a request has of its own; `outcome_of` has the same."""
    return OwnPart(
        iso_time(record.began_at),
        record.request_id,
        record.message_id,
        record.sent_request_id,
        trace_id_of(record.traceparent) if record.traceparent else None,
        duration_s,
        record.auth_s,
        record.upstream_s,
        record.bytes_in,
        record.bytes_out,
    )


def kind_of(record: RequestRecord) -> Hashable:
    """All that follows into the outcome beside the own part, and whether each time was taken."""
    operation, who = record.operation or _NO_OPERATION, record.principal or record.claimed
    return (
        record.http_method,
        record.status,
        None if record.route is None else record.route.name,
        record.reason,
        "none" if record.principal is None else record.principal.scheme,
        None if who is None else who.subject,
        None if who is None else who.issuer,
        None if who is None else who.client_id,
        _is_verified(record),
        operation.method,
        operation.name,
        record.address,
        record.host,
        record.streamed,
        record.client_gone,
        record.ended,
        record.rule,
        record.would_deny,
        None if record.session is None else record.session.name,
        _answer_of(record),
        record.answer.code,
        record.upstream_seen,
        record.cache_result,
        record.auth_s > 0,
        record.upstream_s > 0,
    )


def _answer_of(record: RequestRecord) -> Result:
    word = record.answer.word
    if word != "ok" or record.http_method != "POST":
        return word
    if record.ended is not None:
        return "ended"
    # On HTTP with SSE the answer comes on the stream that a GET opened.
    messages = record.operation.messages if record.operation is not None else ()
    if record.status == HTTPStatus.ACCEPTED and any(each.kind == "request" for each in messages):
        return "accepted"
    return word


def _is_verified(record: RequestRecord) -> bool | None:
    if record.principal is not None:
        return True
    return None if record.claimed is None else record.claimed.verified
