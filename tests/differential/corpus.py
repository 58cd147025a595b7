"""Bodies that parsers read in different ways, or that look as if they might."""

from tests.attacks import messages as attacks

_CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":%s}'


def call(params: str) -> bytes:
    """A `tools/call` with these params, as text that may not be JSON."""
    return (_CALL % params).encode("utf-8", "surrogatepass")


def arguments(members: str, name: str = "write") -> bytes:
    """A call of a tool whose rules look at its arguments."""
    return call(f'{{"name":"{name}","arguments":{members}}}')


HONEST = [
    call('{"name":"read_file"}'),
    call('{"name":"wipe"}'),
    call('{ "name" : "read\\u005ffile" , "arguments" : { } }'),
    arguments('{"path":"/data/a"}'),
    arguments('{"path":"/etc/passwd"}'),
    arguments('{"path":"\\/data\\/a"}'),
    arguments('{"n":10}', "count"),
    arguments('{"n":1e1}', "count"),
    arguments('{"n":10.0}', "count"),
    arguments('{"n":-0}', "count"),
    arguments('{"n":11}', "count"),
    arguments('{"path":"/data/\U0001f600"}'),
    arguments("null"),
    b'{"jsonrpc":"2.0","method":"notifications/initialized"}',
    b'{"jsonrpc":"2.0","id":"a","method":"prompts/get","params":{"name":"open"}}',
    b'{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///pub/a"}}',
    b'{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":'
    b'{"type":"ref/prompt","name":"open"}}}',
    b'{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":'
    b'{"resourceSubscriptions":["file:///pub/a","file:///etc/b"]}}}',
    b'{"jsonrpc":"2.0","id":1,"result":{"name":"wipe"}}',
    b'[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"x"}]',
]
_DUPLICATES = [
    call('{"name":"read_a","name":"wipe"}'),
    call('{"name":"read_a","n\\u0061me":"wipe"}'),
    call('{"name":"read_a","NAME":"wipe"}'),
    call('{"name":"read_a","__proto__":{"name":"wipe"}}'),
    call('{"__proto__":{"name":"wipe"}}'),
    call('{"constructor":{"prototype":{"name":"wipe"}},"name":"read_a"}'),
    call('{"name":"read_a"},"params":{"name":"wipe"}'),
    call('{"name":"read_a"},"method":"tools/list"'),
    call('{"name":"read_a","arguments":{},"arguments":{"path":"/etc"}}'),
    arguments('{"path":"/data/a","path":"/etc/passwd"}'),
    arguments('{"path":"/data/a","p\\u0061th":"/etc/passwd"}'),
    arguments('{"path":"/data/a","Path":"/etc/passwd"}'),
    arguments('{"path":"/data/a","\\u0070\\u0061th ":"/etc"}'),
    b'{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":'
    b'{"type":"ref/prompt","name":"open","name":"shut"}}}',
]
_NUMBERS = [
    arguments(f'{{"n":{number}}}', "count")
    for number in (
        "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "9007199254740993", "1E1", "1e-400",
        "10.00000000000000000001", "0.1e2", "+1", "01", "0x1", "1.", ".5", "1_0", "-", "1e",
        "18446744073709551616", "10000000000000000000000000000001e-30", "-0.0", "1e0000000001",
    )
]  # fmt: skip
_STRINGS = [
    call('{"name":"read\\ud800"}'),
    call('{"name":"read\\udc00\\ud800"}'),
    call('{"name":"read\\u0000"}'),
    call('{"name":"read\x00"}'),
    call('{"name":"read\n"}'),
    call('{"name":"read\x7f"}'),
    call('{"name":"read\\x41"}'),
    call('{"name":"read\\u00g0"}'),
    call("{'name':'read_a'}"),
    call('{name:"read_a"}'),
    call('{"name":"read\ud800"}'),
    call('{"name":"read"}').replace(b"read", b"read\xc0\xaf"),
    call('{"name":"read"}').replace(b"read", b"read\xed\xa0\x80"),
    call('{"name":"read"}').replace(b"read", b"read\xff"),
    call('{"name":"read\u2028"}'),
    call('{"name":"re\u0061\u0301d"}'),
]
_SHAPES = [
    call('["read_a"]'),
    call('"read_a"'),
    call('{"name":["read_a"]}'),
    call('{"name":{"name":"read_a"}}'),
    call('{"name":null}'),
    call("null"),
    call('{"name":"read_a",}'),
    call('{"name":"read_a"} // {"name":"wipe"}'),
    call('{"name":"read_a"/**/}'),
    b"",
    b"null",
    b"[]",
    b"[[]]",
    b"{}",
    b'"tools/call"',
    call('{"name":"read_a"}') * 2,
    call('{"name":"read_a"}') + b"\x00",
    call('{"name":"read_a"}') + b"\n" + call('{"name":"wipe"}'),
    b"\xef\xbb\xbf" + call('{"name":"wipe"}'),
    b"\x1e" + call('{"name":"wipe"}'),
    b"[" + call('{"name":"read_a"}') + b",[" + call('{"name":"wipe"}') + b"]]",
    b'{"jsonrpc":"2.0","id":1,"method":["tools/call"],"params":{"name":"wipe"}}',
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call\\u0000","params":{"name":"wipe"}}',
    b'{"jsonrpc":"2.0","id":1,"method":" tools/call","params":{"name":"wipe"}}',
    b'{"jsonrpc":"2.0","id":1e0,"method":"tools/call","params":{"name":"wipe"}}',
    b'{"jsonrpc":"2.0","id":1,"result":{},"method":"tools/call","params":{"name":"wipe"}}',
    b"[" * 400 + b"]" * 400,
    *(call('{"name":"wipe"}').decode().encode(coding) for coding in (
        "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7",
    )),
]  # fmt: skip
HOSTILE = [
    *_DUPLICATES,
    *_NUMBERS,
    *_STRINGS,
    *_SHAPES,
    *(
        attack.body
        for attack in (*attacks.DOUBLED, *attacks.TWINS)
        if isinstance(attack, attacks.MessageAttack)
    ),
]
