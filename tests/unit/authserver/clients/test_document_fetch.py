from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.authserver.clients.document_fetch import (
    DocumentRefused,
    DocumentUnavailable,
    build_document_fetcher,
    fetch_document,
    read_document,
)
from gateway.oauth.errors import InvalidClient
from tests.support.document_host import NAME, DocumentHost, running_document_host

NOW = 1_800_000_000.0
HTML = {"Content_Type": "text/html"}


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DocumentHost]:
    async with running_document_host(tmp_path) as host:
        yield host


async def _refusal(host: DocumentHost) -> InvalidClient:
    with pytest.raises(InvalidClient) as caught:
        await host.clients.find_client(host.client_id, NOW)
    return caught.value


async def test_a_document_becomes_a_client(host: DocumentHost) -> None:
    client = await host.clients.find_client(host.client_id, NOW)

    assert client is not None
    assert (client.client_id, client.kind, client.name) == (
        host.client_id, "metadata_document", "Example Client",
    )  # fmt: skip
    assert client.verified_host == f"{NAME}:{host.service.port}"
    assert client.is_public
    (asked,) = host.service.asked
    assert (asked.method, asked.headers["Accept"]) == ("GET", "application/json")
    assert "Authorization" not in asked.headers
    assert "Cookie" not in asked.headers


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.a+json"])
async def test_every_kind_of_json_is_taken(host: DocumentHost, kind: str) -> None:
    host.serve(host.document(), Content_Type=kind)

    assert await host.clients.find_client(host.client_id, NOW) is not None


@pytest.mark.requirement("148")
@pytest.mark.parametrize(
    ("body", "status", "headers"),
    [
        (b"", 500, {}),
        (b"", 503, {}),
        (b"", 429, {}),
        (b"<html>", 403, HTML),
        (b"<html>", 200, HTML),
        (b"<html>" + b"x" * 100_000, 200, HTML),
        (b"\n <!doctype html>", 200, {"Content_Type": "text/plain"}),
        (b"", 302, {"Location": "https://docs.example/"}),
        (b"", 204, {}),
        (b"", 206, {}),
    ],
)
async def test_what_says_nothing_of_the_client_is_told_from_what_does(
    host: DocumentHost, body: bytes, status: int, headers: dict[str, str]
) -> None:
    host.serve(body, status, **headers)

    refusal = await _refusal(host)

    assert isinstance(refusal, DocumentUnavailable)
    assert refusal.reason == "client_document_unavailable"


@pytest.mark.requirement("148")
@pytest.mark.parametrize(
    ("body", "status", "headers", "reason"),
    [
        (b"", 404, {}, "client_document_gone"),
        (b"", 410, {}, "client_document_gone"),
        (b"{", 200, {}, "client_document_invalid"),
        ({"client_id": "https://other.example/"}, 200, {}, "client_document_invalid"),
        (b"{}" + b" " * 6000, 200, {}, "client_document_invalid"),
        (b"{}", 200, {"Content_Type": "text/plain"}, "client_document_invalid"),
        (b"{}", 200, {"Content_Encoding": "gzip"}, "client_document_invalid"),
    ],
)
async def test_what_says_that_there_is_no_such_client_is_final(
    host: DocumentHost, body: object, status: int, headers: dict[str, str], reason: str
) -> None:
    host.serve(body, status, **headers)

    refusal = await _refusal(host)

    assert isinstance(refusal, DocumentRefused)
    assert refusal.reason == reason


async def test_a_host_that_nobody_knows_is_only_away(host: DocumentHost) -> None:
    host.names.answers.clear()

    refusal = await _refusal(host)

    assert isinstance(refusal, DocumentUnavailable)
    assert "127.0.0.1" not in refusal.description


def test_what_is_wrong_with_a_document_is_told_without_what_stands_in_it() -> None:
    raw = b'{"client_id": "https://docs.example/c", "client_secret": "hunter2"}'

    with pytest.raises(DocumentRefused, match="holds a secret") as caught:
        read_document(raw, "https://docs.example/c")

    assert "hunter2" not in caught.value.description


async def test_the_fetcher_of_strangers_urls_asks_no_host_of_ours(tmp_path: Path) -> None:
    async with (
        running_document_host(tmp_path) as host,
        build_document_fetcher(None, ()) as fetcher,
    ):
        with pytest.raises(DocumentRefused) as caught:
            await fetch_document(fetcher, f"https://127.0.0.1:{host.service.port}/client.json")

    assert caught.value.reason == "client_document_address"
    assert not host.service.asked
