import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.authserver.clients.client import Client
from gateway.authserver.clients.document_fetch import DocumentRefused, DocumentUnavailable
from gateway.authserver.clients.metadata_document import (
    BRIDGED_S,
    FRESH_S,
    MAX_FRESH_S,
    MIN_FRESH_S,
    RETRY_S,
    MetadataDocumentClients,
)
from gateway.oauth.errors import InvalidClient
from gateway.resilience.single_flight import SingleFlight
from tests.support.document_host import PATH, DocumentHost, running_document_host

NOW = 1_800_000_000.0
PINNED = Client("https://docs.example/pinned", "metadata_document", name="Pinned")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DocumentHost]:
    async with running_document_host(tmp_path) as host:
        yield host


@pytest.fixture
def offline(flights: SingleFlight) -> MetadataDocumentClients:
    return MetadataDocumentClients(None, flights, {PINNED.client_id: PINNED})


async def _name(host: DocumentHost, now: float) -> str | None:
    client = await host.clients.find_client(host.client_id, now)
    assert client is not None
    return client.name


async def test_an_id_that_is_no_url_is_somebody_elses(host: DocumentHost) -> None:
    assert await host.clients.find_client("cli", NOW) is None
    assert await host.clients.recall_client("cli", NOW) is None
    assert not host.service.asked


async def test_many_who_ask_at_once_share_one_fetch(host: DocumentHost) -> None:
    host.service.gate.clear()
    async with asyncio.TaskGroup() as group:
        logins = [group.create_task(_name(host, NOW)) for _ in range(20)]
        await host.service.came.wait()
        host.service.gate.set()

    assert {each.result() for each in logins} == {"Example Client"}
    assert host.service.count(PATH) == 1


@pytest.mark.requirement("61")
@pytest.mark.parametrize(
    ("cache_control", "fresh_s"),
    [
        (None, FRESH_S),
        ("max-age=7200", 7200.0),
        ("no-store", FRESH_S),
        ("max-age=0", MIN_FRESH_S),
        ("max-age=999999999", MAX_FRESH_S),
    ],
)
async def test_a_copy_is_kept_for_as_long_as_its_host_says_within_bounds(
    host: DocumentHost, cache_control: str | None, fresh_s: float
) -> None:
    if cache_control is not None:
        host.serve(host.document(), Cache_Control=cache_control)
    await _name(host, NOW)
    host.serve(host.document(client_name="Renamed"))

    assert await _name(host, NOW + fresh_s - 1) == "Example Client"
    assert await _name(host, NOW + fresh_s) == "Renamed"


@pytest.mark.parametrize("status", [302, 403, 429, 500])
async def test_the_last_good_copy_bridges_a_host_that_is_away(
    host: DocumentHost, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    await _name(host, NOW)
    host.serve(b"<html>", status, Content_Type="text/html")
    later = NOW + MAX_FRESH_S

    with caplog.at_level(logging.WARNING):
        names = [await _name(host, later + n * RETRY_S) for n in range(3)]

    assert names == ["Example Client"] * 3
    assert host.service.count(PATH) == 4
    assert len(caplog.records) == 1


async def test_while_bridged_the_host_is_not_asked_for_each_login(host: DocumentHost) -> None:
    await _name(host, NOW)
    host.serve(b"", 500)

    for second in range(int(RETRY_S)):
        await _name(host, NOW + MAX_FRESH_S + second)

    assert host.service.count(PATH) == 2


async def test_a_copy_does_not_bridge_for_ever(host: DocumentHost) -> None:
    await _name(host, NOW)
    host.serve(b"", 500)

    assert await _name(host, NOW + BRIDGED_S - 1) == "Example Client"
    with pytest.raises(DocumentUnavailable):
        await _name(host, NOW + BRIDGED_S + RETRY_S)


@pytest.mark.requirement("148")
@pytest.mark.parametrize(("body", "status"), [(b"", 404), (b"", 410), (b"{}", 200), (b"{", 200)])
async def test_a_copy_never_stands_against_a_host_that_says_otherwise(
    host: DocumentHost, body: bytes, status: int
) -> None:
    await _name(host, NOW)
    host.serve(body, status)
    with pytest.raises(DocumentRefused):
        await _name(host, NOW + MAX_FRESH_S)

    host.serve(b"", 500)

    with pytest.raises(DocumentUnavailable):
        await _name(host, NOW + MAX_FRESH_S)


@pytest.mark.requirement("148")
@pytest.mark.parametrize("status", [404, 500])
async def test_an_error_is_not_remembered(host: DocumentHost, status: int) -> None:
    host.serve(b"", status)
    with pytest.raises(InvalidClient):
        await _name(host, NOW)
    host.serve(host.document())

    assert await _name(host, NOW) == "Example Client"


async def test_at_the_token_endpoint_nothing_is_fetched(host: DocumentHost) -> None:
    unseen = await host.clients.recall_client(host.client_id, NOW)
    asked = host.service.count(PATH)
    await _name(host, NOW)
    seen = await host.clients.recall_client(host.client_id, NOW + 2 * MAX_FRESH_S)

    assert asked == 0
    assert unseen is not None
    assert seen is not None
    assert (unseen.name, unseen.redirect_uris, unseen.is_public) == (None, (), True)
    assert unseen.verified_host == seen.verified_host
    assert seen.name == "Example Client"
    assert host.service.count(PATH) == 1


async def test_a_bad_url_is_bad_at_the_token_endpoint_too(host: DocumentHost) -> None:
    with pytest.raises(InvalidClient):
        await host.clients.recall_client("http://docs.example/client.json", NOW)


async def test_pinned_copies_need_no_host(offline: MetadataDocumentClients) -> None:
    assert offline.is_offered
    assert await offline.find_client(PINNED.client_id, NOW) == PINNED
    assert await offline.recall_client(PINNED.client_id, NOW) == PINNED


async def test_without_egress_only_pinned_clients_are_known(
    offline: MetadataDocumentClients,
) -> None:
    for ask in (offline.find_client, offline.recall_client):
        with pytest.raises(InvalidClient) as caught:
            await ask("https://docs.example/other", NOW)
        assert caught.value.reason == "client_document_not_pinned"


async def test_where_nothing_is_fetched_or_pinned_documents_are_not_offered(
    flights: SingleFlight, host: DocumentHost
) -> None:
    assert not MetadataDocumentClients(None, flights, {}).is_offered
    assert host.clients.is_offered
