"""The way to each server, as it is configured."""

from pathlib import Path

from tests.support.token_signer import TokenSigner
from tests.unit.app.generation.test_generation import starting


async def test_calls_and_what_the_gateway_asks_go_the_same_way(
    tmp_path: Path, signer: TokenSigner
) -> None:
    async with starting(tmp_path, signer.issuer) as process:
        generation = await process.generation(upstream="https://127.0.0.1:9/mcp")

        target = generation.pools["mcp"].target
        assert target.tls is not None
        assert (target.authority, target.path) == ("127.0.0.1:9", "/mcp")


async def test_without_tls_nothing_is_made_ready_for_it(
    tmp_path: Path, signer: TokenSigner
) -> None:
    async with starting(tmp_path, signer.issuer) as process:
        assert (await process.generation()).pools["mcp"].target.tls is None
