"""What finds clients by their metadata documents, as configured."""

import asyncio
from pathlib import Path

import pytest

from gateway.authserver.clients.opening import open_document_clients
from gateway.config.authorization_server import ClientDocuments
from gateway.errors import ConfigError
from gateway.oauth.errors import InvalidClient
from gateway.resilience.single_flight import SingleFlight


@pytest.mark.parametrize(("fetch", "is_offered"), [(True, True), (False, False)])
async def test_documents_are_offered_where_they_can_be_had(fetch: bool, is_offered: bool) -> None:
    async with (
        asyncio.TaskGroup() as group,
        open_document_clients(ClientDocuments(fetch=fetch), SingleFlight(group)) as clients,
    ):
        assert clients.is_offered is is_offered


async def test_what_is_not_fetched_and_not_pinned_is_no_client() -> None:
    async with (
        asyncio.TaskGroup() as group,
        open_document_clients(ClientDocuments(fetch=False), SingleFlight(group)) as clients,
    ):
        with pytest.raises(InvalidClient):
            await clients.find_client("https://app.example.com/client.json", 0.0)


async def test_a_pinned_file_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    pinned = {"https://app.example.com/client.json": tmp_path / "none.json"}
    settings = ClientDocuments.model_validate({"pinned": pinned})
    async with asyncio.TaskGroup() as group:
        opening = open_document_clients(settings, SingleFlight(group))
        with pytest.raises(ConfigError, match=r"none\.json"):
            await opening.__aenter__()
