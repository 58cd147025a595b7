import asyncio
import json
from pathlib import Path

import pytest

from gateway.config.issuer import Issuer, Jwks
from gateway.identity.keys.sources import IdentityServices, IssuerSources, build_sources
from gateway.identity.provider.fetch import Fetcher
from gateway.resilience.single_flight import SingleFlight
from tests.support.token_signer import TokenSigner, rsa_jwk, rsa_key


async def _run_until_ready(sources: IssuerSources) -> None:
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(sources.run())
        while not sources.keys.ready:  # noqa: ASYNC110  # nothing tells when it becomes ready
            await asyncio.sleep(0.01)
        running.cancel()


async def test_issuer_alone_suffices(
    signer: TokenSigner, fetcher: Fetcher, flights: SingleFlight
) -> None:
    results: list[tuple[str, str]] = []
    around = IdentityServices(flights, on_fetch=lambda *result: results.append(result))
    sources = build_sources("corp", Issuer(issuer=signer.issuer), fetcher, around)

    await _run_until_ready(sources)

    assert results == [("corp", "ok")]
    assert sources.metadata is not None
    assert sources.metadata.value is not None


@pytest.mark.requirement("J22")
async def test_source_becomes_ready_when_its_issuer_comes_back(
    signer: TokenSigner, fetcher: Fetcher, flights: SingleFlight
) -> None:
    signer.status = 503
    recovered = asyncio.Event()

    def on_fetch(issuer: str, result: str) -> None:
        assert result == "failed" or recovered.is_set()
        signer.status = 200
        recovered.set()

    sources = build_sources(
        "corp", Issuer(issuer=signer.issuer), fetcher, IdentityServices(flights, on_fetch=on_fetch)
    )
    assert not sources.keys.ready

    async with asyncio.timeout(2):
        await _run_until_ready(sources)


async def test_keys_from_a_file_need_no_network(
    tmp_path: Path, fetcher: Fetcher, flights: SingleFlight
) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [rsa_jwk(rsa_key(), "1")]}))
    issuer = Issuer(issuer="https://as.example", jwks=Jwks(file=path))

    sources = build_sources("corp", issuer, fetcher, IdentityServices(flights))
    await _run_until_ready(sources)

    assert sources.metadata is None
    assert (await sources.keys.key_for("1", "RS256")).kid == "1"
