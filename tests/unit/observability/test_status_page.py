import base64
import hashlib
import re

import pytest

from gateway.observability.denials import Denials
from gateway.observability.health import Condition
from gateway.observability.metrics.metrics import IssuerState
from gateway.observability.status_page import (
    CONTENT_SECURITY_POLICY,
    ServerState,
    Status,
    status_page,
)
from tests.unit.observability.conftest import a_call, note_end


def a_page(*, ready: bool = True, draining: bool = False, reason: str = "expired") -> str:
    denials = Denials()
    note_end(denials, a_call(decision="deny", reason=reason, request_id="<b>id"))
    status = Status(
        version="1.2.3",
        started_at=0.0,
        now=3 * 86400 + 7200.0,
        ready=ready,
        draining=draining,
        conditions={"keys of corp": Condition("no keys yet")},
        servers=[
            ServerState("files", "https://files.example.com/mcp", None, 2, 1),
            ServerState("mail", "https://mail.example.com/mcp", False, 0, 0),
        ],
        issuers=[
            IssuerState("corp", 2, 266340.0),
            IssuerState("old", 0, None),
            IssuerState("hub", None, None, {"introspection": True, "userinfo": False}),
        ],
        denials=denials.latest,
    )
    return status_page(status)


def test_page_shows_servers_issuers_and_refusals() -> None:
    page = a_page()

    for shown in ("1.2.3", "3 d 2 h", "no keys yet", "not asked yet", "down", "1 min ago", "never"):
        assert shown in page
    assert "<td>expired</td>" in page


@pytest.mark.parametrize(
    ("uptime_s", "shown"),
    [(5, "5 s"), (65, "1 min"), (3700, "1 h 1 min"), (90000, "1 d 1 h")],
)
def test_uptime_is_written_as_people_read_it(uptime_s: int, shown: str) -> None:
    status = Status("1", 0.0, uptime_s, True, False, {}, [], [], [])

    assert f"up for {shown}." in status_page(status)


def test_what_others_wrote_is_escaped() -> None:
    assert "<b>id" not in a_page()


def test_page_says_whether_traffic_should_come() -> None:
    assert "<p>Ready" in a_page()
    assert "<p>Not ready" in a_page(ready=False)
    assert "<p>Draining" in a_page(ready=False, draining=True)


def test_policy_allows_the_style_of_the_page_and_nothing_else() -> None:
    style = re.search(r"<style>(.*)</style>", a_page())

    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY


def test_an_issuer_that_is_asked_shows_whether_it_answers() -> None:
    page = a_page()

    assert "<td>hub</td><td>not needed</td><td></td>" in page
    assert "introspection: left alone, it fails, userinfo: answers" in page


@pytest.mark.requirement("U7")
def test_the_page_fits_a_phone_and_says_who_wanted_what() -> None:
    page = a_page()

    assert "<meta name=viewport" in page
    assert "<th>caller</th><th>what</th>" in page
