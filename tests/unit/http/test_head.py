"""The head of a request as the gateway believes it."""

import pytest

from gateway.errors import ExpectationFailed, InvalidRequest
from gateway.http.head import (
    Head,
    ParsedHead,
    forwarded_host,
    judge_head,
    with_forwarded_host,
)


def read(target: str = "/mcp", method: str = "POST", *headers: tuple[str, str]) -> Head:
    sent = headers or (("Host", "a.example"),)
    raw = [(name.encode(), value.encode()) for name, value in sent]
    return judge_head(ParsedHead(method, target, "1.1", raw, True, "192.0.2.1"))


@pytest.mark.requirement("161")
def test_path_and_query_are_the_characters_that_came() -> None:
    head = read("/mcp?a=%2F&b=+%20")

    assert (head.path, head.query) == ("/mcp", "a=%2F&b=+%20")


@pytest.mark.requirement("162", "H8")
@pytest.mark.parametrize("hosts", [[], ["a", "b"], ["a", "a"], ["a,b"], ["user@a"], [""]])
def test_anything_but_one_host_is_refused(hosts: list[str]) -> None:
    with pytest.raises(InvalidRequest):
        read("/mcp", "POST", *(("Host", host) for host in hosts), ("X", "1"))


@pytest.mark.requirement("163")
def test_a_target_in_absolute_form_must_agree_with_host() -> None:
    assert read("http://a.example/mcp").path == "/mcp"
    with pytest.raises(InvalidRequest):
        read("http://b.example/mcp")


@pytest.mark.parametrize("target", ["*", "ftp://a.example/x", "a.example:443"])
def test_a_target_that_is_no_path_is_refused(target: str) -> None:
    with pytest.raises(InvalidRequest):
        read(target)


@pytest.mark.requirement("164", "165", "167", "H2")
@pytest.mark.parametrize(
    "framing",
    [
        [("Transfer-Encoding", "")],
        [("Transfer-Encoding", "gzip, chunked")],
        [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "chunked"), ("Content-Length", "3")],
        [("Upgrade", "websocket")],
    ],
)
def test_ambiguous_framing_is_refused(framing: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidRequest):
        read("/mcp", "POST", ("Host", "a.example"), *framing)


@pytest.mark.requirement("172")
def test_an_unknown_expectation_fails() -> None:
    with pytest.raises(ExpectationFailed):
        read("/mcp", "POST", ("Host", "a.example"), ("Expect", "magic"))


def test_an_offer_of_http_2_is_ignored() -> None:
    """Java's client sends it with every first request."""
    assert read("/mcp", "POST", ("Host", "a.example"), ("Upgrade", "h2c")).path == "/mcp"


@pytest.mark.parametrize(
    ("framing", "expected"),
    [
        (("Content-Length", "0"), False),
        (("Content-Length", "1"), True),
        (("Transfer-Encoding", "chunked"), True),
        (("X", "1"), False),
    ],
)
def test_a_body_is_known_by_its_framing(framing: tuple[str, str], expected: bool) -> None:
    assert read("/mcp", "GET", ("Host", "a.example"), framing).has_body is expected


@pytest.mark.requirement("B10")
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], None),
        (["A.example"], "a.example"),
        (["x.example, a.example:8443"], "a.example:8443"),
        (["x.example", "a.example"], "a.example"),
        (["a.example, "], None),
        (["a.example/x"], None),
    ],
)
def test_the_last_forwarded_host_is_the_proxys_own(values: list[str], said: str | None) -> None:
    head = read("/mcp", "POST", ("Host", "b"), *(("X-Forwarded-Host", each) for each in values))

    assert forwarded_host(head) == said


@pytest.mark.requirement("B10")
def test_a_forwarded_host_counts_only_where_host_is_not_ours() -> None:
    head = read("/mcp", "POST", ("Host", "b.example"), ("X-Forwarded-Host", "a.example"))

    assert with_forwarded_host(head, {"a.example"}).authority == "a.example"
    assert with_forwarded_host(head, {"a.example", "b.example"}) is head
    assert with_forwarded_host(head, {"c.example"}) is head
