import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UpstreamInvalid
from gateway.proxy.upstream.content_coding import Decoder

TEXT = b'{"jsonrpc":"2.0","id":1,"result":{}}' * 20


def _raw_deflate(text: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return coder.compress(text) + coder.flush()


CODED = {
    "gzip": (b"gzip", gzip.compress(TEXT)),
    "x-gzip": (b"x-gzip", gzip.compress(TEXT)),
    "members": (b"gzip", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])),
    "deflate": (b"deflate", zlib.compress(TEXT)),
    "bare deflate": (b"deflate", _raw_deflate(TEXT)),
}


def _decoded(coding: bytes, chunks: list[bytes], max_bytes: int = 10_000) -> bytes:
    decoder = Decoder([coding], max_bytes)
    return b"".join(map(decoder.feed, chunks)) + decoder.finish()


@pytest.mark.requirement("B5")
@pytest.mark.parametrize("name", CODED)
@given(cut=st.integers(0, 60))
def test_gzip_and_deflate_are_undone_however_the_bytes_are_cut(name: str, cut: int) -> None:
    coding, body = CODED[name]

    assert _decoded(coding, [body[:cut], body[cut:]]) == TEXT
    assert _decoded(coding, [body[i : i + 1] for i in range(len(body))]) == TEXT


@pytest.mark.requirement("B5")
@pytest.mark.parametrize("codings", [[b"br"], [b"zstd"], [b"gzip", b"gzip"], [b"deflate", b"br"]])
def test_another_coding_is_named(codings: list[bytes]) -> None:
    with pytest.raises(UpstreamInvalid) as error:
        Decoder(codings, 100)

    assert error.value.reason == "content_coding"
    assert error.value.seen == f"content coding {b', '.join(codings).decode()}"


@pytest.mark.requirement("B5", "H13")
@pytest.mark.parametrize("name", CODED)
def test_what_grows_too_much_is_refused(name: str) -> None:
    coding, body = CODED[name]

    with pytest.raises(UpstreamInvalid):
        _decoded(coding, [body], len(TEXT) - 1)
    assert _decoded(coding, [body], len(TEXT)) == TEXT


@pytest.mark.requirement("B5")
@pytest.mark.parametrize("name", CODED)
def test_what_is_cut_or_damaged_is_refused(name: str) -> None:
    coding, body = CODED[name]

    for bad in (body[:-1], body[:1], b"\x00\x01" + body[2:]):
        with pytest.raises(UpstreamInvalid):
            _decoded(coding, [bad])


def test_nothing_is_nothing() -> None:
    assert _decoded(b"gzip", []) == b""
    assert _decoded(b"deflate", [b""]) == b""
