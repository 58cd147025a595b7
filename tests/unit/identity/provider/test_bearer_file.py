"""Tokens in files that are swapped while the gateway runs."""

import os
from pathlib import Path

import pytest

from gateway.errors import IdentityUnavailable
from gateway.identity.provider.bearer_file import MAX_TOKEN_BYTES, BearerFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("first\n")
    return path


def test_the_header_holds_the_content_without_the_white_space_around_it(path: Path) -> None:
    path.write_text(" \r\n\tfirst\n\n")

    assert BearerFile(path).header() == {"Authorization": "Bearer first"}


def test_a_rewritten_file_is_read_again(path: Path) -> None:
    bearer = BearerFile(path)
    bearer.header()

    path.write_text("a-longer-second")

    assert bearer.header() == {"Authorization": "Bearer a-longer-second"}


def test_a_swapped_file_of_the_same_size_and_time_is_read_again(path: Path) -> None:
    """Kubernetes renames a link, and both files may be written within one tick."""
    bearer = BearerFile(path)
    bearer.header()
    before = path.stat()
    swapped = path.with_name("swapped")
    swapped.write_text("other\n")
    os.utime(swapped, ns=(before.st_atime_ns, before.st_mtime_ns))

    swapped.replace(path)

    assert bearer.header() == {"Authorization": "Bearer other"}


def test_an_unchanged_file_is_not_read_again(path: Path) -> None:
    bearer = BearerFile(path)
    bearer.header()
    before = path.stat()
    path.write_text("other\n")

    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert bearer.header() == {"Authorization": "Bearer first"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"two\nlines",
        b"two words",
        b"\x1cfirst",
        b"fir\x00st",
        b"fir\x7fst",
        "première".encode(),
        b"x" * (MAX_TOKEN_BYTES + 1),
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_no_header_can_hold_is_no_token(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(IdentityUnavailable) as caught:
        BearerFile(path).header()

    assert isinstance(caught.value.__cause__, ValueError)


def test_the_largest_token_is_sent(path: Path) -> None:
    path.write_bytes(b"x" * MAX_TOKEN_BYTES)

    assert len(BearerFile(path).header()["Authorization"]) == len("Bearer ") + MAX_TOKEN_BYTES


@pytest.mark.requirement("122")
def test_a_file_that_is_gone_is_an_outage_until_it_is_back(path: Path) -> None:
    bearer = BearerFile(path)
    bearer.header()
    path.unlink()

    with pytest.raises(IdentityUnavailable) as caught:
        bearer.header()

    assert isinstance(caught.value.__cause__, FileNotFoundError)
    path.write_text("back")
    assert bearer.header() == {"Authorization": "Bearer back"}


def test_an_outage_tells_neither_the_place_nor_the_content(path: Path) -> None:
    path.write_bytes(b"pa55 w0rd")

    with pytest.raises(IdentityUnavailable) as caught:
        BearerFile(path).header()

    assert "pa55" not in f"{caught.value} {caught.value.__cause__}"
    assert str(path) not in caught.value.description
