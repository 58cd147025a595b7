import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.errors import HeaderMismatch, InvalidRequest
from gateway.mcp.headers import check_mirrored_headers, declared_revision, decode_sentinel
from gateway.mcp.message import Message, parse_messages

NEW, OLD = "2026-07-28", "2025-11-25"
METHOD, NAME = ("Mcp-Method", "tools/call"), ("Mcp-Name", "weather")


def _message(member: str = '"name":"weather"', method: str = "tools/call") -> Message:
    meta = f'"_meta":{{"io.modelcontextprotocol/protocolVersion":"{NEW}"}}'
    params = f"{{{member},{meta}}}" if member else f"{{{meta}}}"
    body = f'{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}'
    return parse_messages(body.encode(), batch=False)[0]


def _check(message: Message, revision: str | None, *headers: tuple[str, str]) -> None:
    check_mirrored_headers(message, revision, CIMultiDictProxy(CIMultiDict(headers)))


@pytest.mark.requirement("31", "B13")
def test_a_revision_is_taken_known_or_not() -> None:
    assert declared_revision([]) is None
    for revision in (OLD, "2031-01-01", "v999.0.0", "latest"):
        assert declared_revision([revision]) == revision


@pytest.mark.requirement("31")
@pytest.mark.parametrize(
    "values", [[NEW, NEW], [""], [f"{OLD},{NEW}"], [f"{OLD} {NEW}"], ["9" * 65], ["٢٠٢٦-07-28"]]
)
def test_what_is_no_single_revision_is_refused(values: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        declared_revision(values)

    assert caught.value.reason == "bad_revision"


@pytest.mark.requirement("32", "37", "182")
def test_headers_that_agree_pass_whatever_the_case_of_their_names() -> None:
    _check(_message(), NEW, ("mcp-method", "tools/call"), ("MCP-NAME", "weather"))


@pytest.mark.requirement("32", "37", "M9")
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [METHOD],
        [NAME],
        [METHOD, NAME, NAME],
        [METHOD, METHOD, NAME],
        [METHOD, ("Mcp-Name", "other")],
        [METHOD, ("Mcp-Name", "Weather")],
        [("Mcp-Method", "Tools/Call"), NAME],
        [("Mcp-Method", "tools/list"), NAME],
    ],
)
def test_missing_doubled_and_different_headers_are_refused(
    headers: list[tuple[str, str]],
) -> None:
    with pytest.raises(HeaderMismatch):
        _check(_message(), NEW, *headers)


@pytest.mark.requirement("36", "M10")
@pytest.mark.parametrize("revision", [None, OLD, "2027-01-01"])
def test_a_declared_revision_other_than_the_one_in_the_body_is_refused(
    revision: str | None,
) -> None:
    with pytest.raises(HeaderMismatch):
        _check(_message(), revision, METHOD, NAME)


@pytest.mark.requirement("36")
@pytest.mark.parametrize("revision", [None, OLD])
def test_headers_mean_nothing_in_older_revisions(revision: str | None) -> None:
    _check(Message("request", "tools/call", 1, "weather"), revision, ("Mcp-Name", "other"))


@pytest.mark.requirement("32", "M9")
@pytest.mark.parametrize("method", ["resources/read", "resources/subscribe"])
def test_the_uri_is_compared_too(method: str) -> None:
    message = _message('"uri":"file:///a"', method)

    _check(message, NEW, ("Mcp-Method", method), ("Mcp-Name", "file:///a"))
    with pytest.raises(HeaderMismatch):
        _check(message, NEW, ("Mcp-Method", method), ("Mcp-Name", "file:///b"))


@pytest.mark.requirement("32")
def test_a_method_without_a_name_needs_no_name_header() -> None:
    _check(_message("", "tools/list"), NEW, ("Mcp-Method", "tools/list"))


@pytest.mark.requirement("32", "M9")
@pytest.mark.parametrize("method", ["tools/call", "resources/read", "prompts/get"])
@pytest.mark.parametrize("name", [(), (("Mcp-Name", "other"),)])
def test_what_must_have_a_name_header_is_refused_without_its_own(
    method: str, name: tuple[tuple[str, str], ...]
) -> None:
    """Also where the body names nothing: the header would decide alone."""
    for message in (_message("", method), _message('"name":"a","uri":"a"', method)):
        with pytest.raises(HeaderMismatch):
            _check(message, NEW, ("Mcp-Method", method), *name)


@pytest.mark.requirement("32")
def test_a_name_header_means_nothing_where_nothing_is_named() -> None:
    listing = ("Mcp-Method", "tools/list")

    _check(_message("", "tools/list"), NEW, listing, ("Mcp-Name", "other"))


@pytest.mark.requirement("32")
def test_the_revision_defines_no_headers_for_notifications() -> None:
    _check(Message("notification", "notifications/cancelled"), NEW)


@pytest.mark.requirement("32", "36", "182", "M9")
@pytest.mark.parametrize("headers", [[("Mcp-Method", "tools/call")], [("Mcp-Method", "")]])
def test_a_header_that_a_notification_need_not_have_must_still_be_true(
    headers: list[tuple[str, str]],
) -> None:
    """An intermediary may route by it: MCP 2026-07-28, Streamable HTTP."""
    cancelled = Message("notification", "notifications/cancelled")

    _check(cancelled, NEW, ("Mcp-Method", "notifications/cancelled"))
    with pytest.raises(HeaderMismatch):
        _check(cancelled, NEW, *headers)


@pytest.mark.requirement("33", "M9")
def test_a_name_is_decoded_before_it_is_compared() -> None:
    message = _message('"name":"Hello, 世界"')

    _check(message, NEW, METHOD, ("Mcp-Name", "=?base64?SGVsbG8sIOS4lueVjA==?="))


@pytest.mark.requirement("33")
@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("us-west1", "us-west1"),
        ("=?base64?IHBhZGRlZCA=?=", " padded "),
        ("=?base64?bGluZTEKbGluZTI=?=", "line1\nline2"),
        ("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="),
        ("=?BASE64?YQ==?=", "=?BASE64?YQ==?="),
    ],
)
def test_the_examples_of_value_encoding_are_decoded(sent: str, meant: str) -> None:
    """MCP 2026-07-28, Streamable HTTP, Value Encoding."""
    assert decode_sentinel(sent) == meant


@pytest.mark.requirement("33", "35", "M9")
@pytest.mark.parametrize(
    "sent",
    ["=?base64?YQ?=", "=?base64?Y Q==?=", "=?base64?/w==?=", "=?base64?_w==?=", "é", "a\x7f"],
)
def test_what_is_badly_encoded_is_refused(sent: str) -> None:
    with pytest.raises(HeaderMismatch):
        decode_sentinel(sent)
