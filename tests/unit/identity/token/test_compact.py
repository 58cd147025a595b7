import contextlib
import json
import time

import pytest

from gateway.errors import InvalidToken
from gateway.identity.token.compact import is_jwt_shaped, parse_compact
from tests.support.token_signer import b64url


def _token(header: bytes, payload: bytes, signature: bytes = b"sig") -> str:
    return ".".join(b64url(part) for part in (header, payload, signature))


def test_parts_of_a_token_are_found() -> None:
    token = _token(b'{"alg":"RS256"}', b'{"iss":"a"}')

    parsed = parse_compact(token)

    assert parsed.header == {"alg": "RS256"}
    assert parsed.claims == {"iss": "a"}
    assert parsed.signing_input == token.rpartition(".")[0].encode()
    assert parsed.signature == b"sig"


@pytest.mark.parametrize(
    "header", [b'{"alg":1}', b'{ "a":1}', b'{\t"a":1}', b'{\n"a":1}', b'{\r\n"a":1}', b"{}"]
)
def test_token_with_a_json_header_is_shaped_like_a_jwt(header: bytes) -> None:
    assert is_jwt_shaped(_token(header, b"{}"))


@pytest.mark.requirement("109")
@pytest.mark.parametrize(
    "token", ["", "opaque", "a.b.c", "v4.public.abc", "eyJh.b.c.d.e", "eyJh.b"]
)
def test_other_token_is_not_shaped_like_a_jwt(token: str) -> None:
    assert not is_jwt_shaped(token)


@pytest.mark.requirement("98", "102", "110", "111", "J8", "J9", "J11")
@pytest.mark.parametrize(
    "token",
    [
        _token(b'{"alg":"RS256","alg":"none"}', b"{}"),
        _token(b"{}", b'{"iss":"a","iss":"b"}'),
        _token(b"{}", b'{"exp":1e400}'),
        _token(b"{}", b'{"a":"\xff"}'),
        _token(b"{}", b"[]"),
        _token(b"{}", b""),
        _token(b"{}", b"{}") + "=",
        _token(b"{}", b"{}") + "\n",
        " " + _token(b"{}", b"{}"),
        _token(b"{}", b"{}").replace(".", ".?", 1),
        _token(b"{}", b"{}").replace(".", ". ", 1),
        _token(b"{}", b"{}") + ".e30",
        _token(b"{}", b"{}") + "ü",
        _token(json.dumps({"a": "x" * 5000}).encode(), b"{}"),
        _token(b"{}", json.dumps({"a": "x" * 17000}).encode()),
        _token(b"{}", b"{}", b"s" * 1025),
        '{"payload":"e30","signatures":[]}',
    ],
)
def test_token_in_any_other_form_is_malformed(token: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        parse_compact(token)

    assert caught.value.reason == "malformed"


def _object_of(size: int) -> bytes:
    return b'{"a":"%b"}' % (b"x" * (size - 8))


@pytest.mark.requirement("J9")
@pytest.mark.parametrize(
    ("header", "payload", "signature", "fits"),
    [
        (4095, 100, 10, True),
        (4097, 100, 10, False),
        (100, 16 * 1024 - 1, 10, True),
        (100, 16 * 1024 + 1, 10, False),
        (100, 100, 1024, True),
        (100, 100, 1025, False),
    ],
)
def test_each_part_has_a_limit(header: int, payload: int, signature: int, fits: bool) -> None:
    token = _token(_object_of(header), _object_of(payload), b"s" * signature)

    with contextlib.nullcontext() if fits else pytest.raises(InvalidToken):
        parse_compact(token)


@pytest.mark.requirement("J9")
@pytest.mark.parametrize(
    "payload",
    [
        b'{"a":' + b"[" * 8000 + b"]" * 8000 + b"}",
        b'{"exp":' + b"9" * 16000 + b"}",
        b"x" * 1_000_000,
        b"{" + b",".join(b'"%d":0' % n for n in range(1800)) + b"}",
    ],
)
def test_hostile_payload_costs_little_time(payload: bytes) -> None:
    token = _token(b"{}", payload)

    assert min(_cost_s(token) for _ in range(3)) < 0.005


def _cost_s(token: str) -> float:
    began = time.thread_time()
    with contextlib.suppress(InvalidToken):
        parse_compact(token)
    return time.thread_time() - began
