"""What goes on the wire."""

import json

import pytest

from gateway.errors import IdentityUnavailable, InvalidMessage, MissingToken
from gateway.http.reply import error_reply, response_head


def test_a_head_has_a_status_line_headers_and_an_empty_line() -> None:
    head = response_head(200, [(b"A", b"1"), (b"B", b"2")])

    assert head == (b"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nX-Content-Type-Options: nosniff\r\n\r\n")


def test_a_status_that_nobody_registered_still_makes_a_status_line() -> None:
    assert response_head(499, []).startswith(b"HTTP/1.1 499 ")


@pytest.mark.requirement("43")
def test_an_error_echoes_the_message_id() -> None:
    reply = error_reply(InvalidMessage("No."), request_id="r1", message_id=7)

    body = json.loads(reply.body)
    assert body["id"] == 7
    assert body["error"]["code"] == -32600
    assert body["error"]["data"]["request_id"] == "r1"


@pytest.mark.requirement("43")
def test_an_error_without_known_id_has_no_id_at_all() -> None:
    assert "id" not in json.loads(error_reply(MissingToken("Token?")).body)


@pytest.mark.requirement("77")
def test_an_error_is_never_stored() -> None:
    assert (b"Cache-Control", b"no-store") in error_reply(MissingToken("Token?")).headers


def test_not_knowing_now_says_when_to_ask_again() -> None:
    reply = error_reply(IdentityUnavailable("Later.", retry_after_s=7))

    assert reply.status == 503
    assert (b"Retry-After", b"7") in reply.headers
