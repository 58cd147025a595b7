import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import InvalidMessage, ParseError
from gateway.mcp.message import Message, parse_messages, parse_request_id

REVISION = "io.modelcontextprotocol/protocolVersion"
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
WORDS = st.sampled_from(["jsonrpc", "method", "params", "id", "name", "_meta", "2.0", "tools/call"])


def _one(body: bytes) -> Message:
    (message,) = parse_messages(body, batch=False)
    return message


def _call(params: str, method: str = "tools/call") -> bytes:
    return f'{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}'.encode()


@pytest.mark.requirement("M3")
@pytest.mark.parametrize("method", ["tools/call", "\\u0074ools/call", "tools\\/call"])
@pytest.mark.parametrize("name", ["\U0001f600", "\\ud83d\\ude00"])
def test_every_spelling_of_a_call_reads_alike(method: str, name: str) -> None:
    message = _one(_call(f'{{ "n\\u0061me" : "{name}" }}', method))

    assert message == Message("request", "tools/call", 1, "\U0001f600", target="tool")


@pytest.mark.parametrize(
    ("method", "key", "target"),
    [
        ("tools/call", "name", "tool"),
        ("prompts/get", "name", "prompt"),
        ("resources/read", "uri", "resource"),
        ("resources/subscribe", "uri", "resource"),
        ("resources/unsubscribe", "uri", "resource"),
    ],
)
def test_the_name_comes_from_where_the_method_has_it(method: str, key: str, target: str) -> None:
    message = _one(_call(json.dumps({"name": "no", "uri": "no", key: "yes"}), method))

    assert (message.name, message.target) == ("yes", target)


@pytest.mark.parametrize(
    ("kind", "key", "target"),
    [("ref/prompt", "name", "prompt"), ("ref/resource", "uri", "resource"), ("ref/x", "", None)],
)
def test_a_completion_is_about_what_it_refers_to(kind: str, key: str, target: str | None) -> None:
    ref = json.dumps({"ref": {"type": kind, "name": "no", "uri": "no", key: "yes"}})
    message = _one(_call(ref, "completion/complete"))

    assert (message.name, message.target) == ("yes" if key else None, target)
    assert _one(_call("{}", "completion/complete")).target is None


def test_other_methods_and_empty_params_have_no_name() -> None:
    assert _one(_call('{"name":"a"}', "tools/list")).name is None
    assert _one(_call("{}")).name is None
    assert _one(PING) == Message("request", "ping", 1)


@pytest.mark.requirement("M10")
def test_the_body_names_its_own_revision() -> None:
    assert _one(_call(f'{{"_meta":{{"{REVISION}":"2026-07-28"}}}}')).revision == "2026-07-28"
    # What a handshake proposes is not yet in force.
    assert _one(_call('{"protocolVersion":"2026-07-28"}', "initialize")).revision is None


@pytest.mark.requirement("28", "M11")
def test_notifications_and_responses_are_told_apart() -> None:
    assert _one(b'{"jsonrpc":"2.0","method":"a"}') == Message("notification", "a")
    assert _one(b'{"jsonrpc":"2.0","id":"x","result":{}}') == Message("response", None, "x")
    assert _one(b'{"jsonrpc":"2.0","error":{}}') == Message("response")


@pytest.mark.requirement("M1")
@pytest.mark.parametrize(
    "body",
    [
        PING.replace(b"}", b',"method":"tools/call"}'),
        PING.replace(b"}", b',"extra":1,"extra":1}'),
        PING.replace(b"}", b', "m\\u0065thod":"tools/call"}'),
        PING.replace(b"}", b',"i\\u0064":2}'),
        _call('{"name":"a","name":"b"}'),
        _call('{"name":"a", "name":"a"}'),
        _call('{"name":"a"},"params":{"name":"b"}'),
        _call(f'{{"_meta":{{"{REVISION}":"a","{REVISION}":"b"}}}}'),
    ],
)
def test_a_key_that_stands_twice_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidMessage):
        parse_messages(body, batch=False)


@pytest.mark.requirement("M2")
@pytest.mark.parametrize(
    "body",
    [
        PING.replace(b"}", b',"Method":"tools/call"}'),
        PING.replace(b"}", b',"ID":2}'),
        *(PING.replace(b"}", b',"%b":1}' % twin) for twin in (b"JSONRPC", b"Params", b"i\td")),
        *(PING.replace(b"}", b',"%b":{}}' % twin) for twin in (b"Result", b"eRRor")),
        *(
            _call(f'{{"name":"a","{twin}":"b"}}')
            for twin in ("NAME", "\uff4eame", "na\u200bme", "argument\u017f", "_Meta", "Uri")
        ),
        *(_call(f'{{"{twin}":{{}}}}') for twin in ("Ref", "Notifications", "ARGUMENTS")),
        *(
            _call(f'{{"ref":{{"{twin}":"x"}}}}', "completion/complete")
            for twin in ("Type", "Name", "URI")
        ),
        _call('{"notifications":{"resourcesubscriptions":[]}}', "subscriptions/listen"),
        _call(f'{{"_meta":{{"{REVISION.lower()}":"2026-07-28"}}}}'),
    ],
)
def test_a_key_that_looks_like_a_policy_key_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidMessage):
        parse_messages(body, batch=False)


def test_a_key_that_only_holds_a_name_is_another_one() -> None:
    assert _one(_call('{"name":"a","name!":"b","rename":"c","\u00e9name":"d"}')).name == "a"


def test_other_keys_are_nobodys_business() -> None:
    assert _one(_call('{"name":"a","größe":1,"extra":{"a":1,"a":2}}')).name == "a"


@pytest.mark.requirement("30", "M4")
def test_a_batch_is_read_message_by_message() -> None:
    messages = parse_messages(b" [ " + PING + b" , " + _call('{"name":"a"}') + b" ]", batch=True)

    assert [message.method for message in messages] == ["ping", "tools/call"]


@pytest.mark.requirement("30", "M4")
@pytest.mark.parametrize(
    ("body", "batch"),
    [(b"[" + PING + b"]", False), (b"[]", True), (b"[[" + PING + b"]]", True), (b"[1]", True)],
)
def test_other_batches_are_refused(body: bytes, batch: bool) -> None:
    with pytest.raises(InvalidMessage):
        parse_messages(body, batch=batch)


@pytest.mark.requirement("M5")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xef\xbb\xbf" + PING,
        PING.decode().encode("utf-16"),
        PING.decode().encode("utf-32"),
        PING + b"x",
        PING + b"/**/",
        *(_call(f'{{"name":"a","x":[{bad}]}}') for bad in ("NaN", "Infinity", "1e999", "01", "1,")),
        *(_call(f'{{"name":"a","x":"{bad}"}}') for bad in ("\\ud800", "\\udc00", "\\ud800\\u0041")),
        _call('{"\\ud800":1}'),
        *(PING.replace(b"ping", bad) for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80")),
    ],
)
def test_what_is_not_strict_json_is_no_json(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_messages(body, batch=True)
    assert parse_request_id(body) is None or body.startswith(b"{")


@pytest.mark.requirement("M6")
@pytest.mark.parametrize("value", ["[" * 100_000 + "]" * 100_000, "9" * 100_000])
def test_numbers_and_nests_without_measure_are_refused(value: str) -> None:
    with pytest.raises(ParseError):
        parse_messages(_call(f'{{"x":{value}}}'), batch=False)


@pytest.mark.requirement("M11", "43")
@pytest.mark.parametrize(
    "body",
    [
        *(PING.replace(b":1", value) for value in (b":null", b":true", b":1.0", b":[1]")),
        *(PING.replace(b'"ping"', value) for value in (b"1", b"null", b'["ping"]')),
        *(_call(params) for params in ("null", "[1]", '"a"', '{"name":1}', '{"name":null}')),
        *(_call(params) for params in ('{"_meta":null}', '{"_meta":[]}')),
        PING.replace(b"2.0", b"1.0"),
        PING.replace(b'"jsonrpc":"2.0",', b""),
        PING.replace(b"}", b',"result":{}}'),
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
        b'{"jsonrpc":"2.0","result":{}}',
        b'{"jsonrpc":"2.0","id":null,"error":{}}',
        b"1",
    ],
)
def test_what_is_not_json_rpc_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidMessage) as caught:
        parse_messages(body, batch=False)

    assert caught.value.jsonrpc_code == -32600


@pytest.mark.requirement("43")
@pytest.mark.parametrize(
    ("body", "found"),
    [
        (PING, 1),
        (PING.replace(b":1", b':"a"'), "a"),
        (_call("null"), 1),
        (PING.replace(b":1", b":null"), None),
        (PING.replace(b":1", b":1.5"), None),
        (PING.replace(b"}", b',"id":2}'), None),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', None),
        (b'{"jsonrpc":"2.0","method":"notifications/initialized"}', None),
        (b'{"jsonrpc":"2.0","method":7}', None),
        (b"[" + PING + b"]", None),
    ],
)
def test_the_id_of_a_refused_request_is_found(body: bytes, found: int | str | None) -> None:
    assert parse_request_id(body) == found


@pytest.mark.requirement("43")
@given(st.binary() | st.dictionaries(WORDS, WORDS).map(lambda each: json.dumps(each).encode()))
def test_looking_for_an_id_never_fails(body: bytes) -> None:
    parse_request_id(body)
    parse_request_id(PING[:-1] + b',"params":' + body)


def _without_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


_SHALLOW = st.dictionaries(WORDS, WORDS | st.integers() | st.booleans(), max_size=4)
_PARAMS = st.dictionaries(WORDS, WORDS | _SHALLOW, max_size=4)
_PAIRS = st.lists(st.tuples(WORDS, WORDS | st.integers() | _PARAMS), max_size=6)


@pytest.mark.requirement("M1", "M3")
@settings(max_examples=200)
@given(_PAIRS, st.sampled_from([(",", ":"), (" , ", ": "), ("\n,", "\t:")]))
def test_what_is_accepted_reads_alike_in_another_parser(
    pairs: list[tuple[str, object]], marks: tuple[str, str]
) -> None:
    comma, colon = marks
    pairs = [("jsonrpc", "2.0"), ("method", "tools/call"), *pairs]
    text = comma.join(json.dumps(k) + colon + json.dumps(v, separators=marks) for k, v in pairs)
    try:
        message = _one(b"{" + text.encode() + b"}")
    except InvalidMessage:
        return

    twin = json.loads("{" + text + "}", object_pairs_hook=_without_twice)
    assert (message.method, message.id) == (twin["method"], twin.get("id"))
    assert message.name == twin.get("params", {}).get("name")


@pytest.mark.requirement("M6")
@pytest.mark.parametrize(
    "body",
    [
        b'{"a":[' + b",".join([b"[]"] * 100_001) + b"]}",
        b"{" + b",".join(b'"k%d":1' % index for index in range(1_001)) + b"}",
        b'{"' + b"k" * 20_001 + b'":1}',
        b"[" + b",".join([b'{"jsonrpc":"2.0","method":"x"}'] * 101) + b"]",
        b'{"jsonrpc":"2.0","id":9223372036854775808,"method":"x"}',
    ],
    ids=["parts", "members", "key", "batch", "id"],
)
def test_what_would_take_long_to_read_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidMessage):
        parse_messages(body, batch=True)


@pytest.mark.requirement("M2")
@pytest.mark.parametrize(
    "twin",
    [
        *(f"na{unseen}me" for unseen in "\u115f\u1160\u3164\uffa0\u200b\u0301\x85\u00a0\u00ad"),
        *(f"name{unseen}" for unseen in "\0\x1f\x7f \u2028\u2029"),
        "NAME",
        "ur\u0131",
    ],
)
def test_a_key_that_looks_like_the_name_is_refused(twin: str) -> None:
    with pytest.raises(InvalidMessage):
        parse_messages(_call(json.dumps({"name": "a", twin: "b"})), batch=False)


@pytest.mark.requirement("M10")
def test_a_revision_that_is_no_string_is_refused() -> None:
    with pytest.raises(InvalidMessage):
        parse_messages(_call(f'{{"_meta":{{"{REVISION}":7}}}}'), batch=False)


@pytest.mark.requirement("M11")
def test_the_resources_of_a_subscription_are_named() -> None:
    listen = '{"notifications":{"resourceSubscriptions":["file:///a","file:///b"]}}'

    assert _one(_call(listen, "subscriptions/listen")).resources == ("file:///a", "file:///b")
    assert _one(_call('{"notifications":{}}', "subscriptions/listen")).resources == ()
    assert _one(_call("{}", "subscriptions/listen")).resources == ()


@pytest.mark.requirement("M11")
@pytest.mark.parametrize("uris", ['"file:///a"', '{"file:///a":1}', "1", "null", "true", "[1]"])
def test_what_is_no_list_of_resources_is_refused(uris: str) -> None:
    """A rule would be asked about none of them, or about each letter."""
    listen = f'{{"notifications":{{"resourceSubscriptions":{uris}}}}}'

    with pytest.raises(InvalidMessage):
        parse_messages(_call(listen, "subscriptions/listen"), batch=False)
