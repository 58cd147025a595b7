"""What lives at a server, and what it does there when it ends."""

from pathlib import Path

import pytest

from tests.support.recording_upstream import RecordingUpstream
from tests.support.token_signer import TokenSigner
from tests.unit.app.generation.test_generation import begin_session, starting


@pytest.mark.parametrize(
    ("reason", "is_told"), [("admin", True), ("idle", True), ("client", False)]
)
async def test_a_server_hears_of_the_end_of_a_session_that_it_does_not_know_of(
    tmp_path: Path, signer: TokenSigner, reason: str, *, is_told: bool
) -> None:
    async with RecordingUpstream() as upstream:
        async with starting(tmp_path, signer.issuer) as process:
            route = (await process.generation(upstream=upstream.url)).servers["mcp"]
            begin_session(route)
            (session,) = route.live.sessions

            route.live.sessions.end(session, reason)
            if is_told:
                await upstream.wait_for_request()

        told = [(each.method, each.value("Mcp-Session-Id")) for each in upstream.requests]
        assert told == ([("DELETE", "s1")] if is_told else [])


async def test_a_store_of_this_process_alone_shares_no_limits(
    tmp_path: Path, signer: TokenSigner
) -> None:
    async with starting(tmp_path, signer.issuer) as process:
        first, second = [(await process.generation()).servers["mcp"] for _ in range(2)]

        assert first.live.limits is not second.live.limits
        assert first.live.metrics is second.live.metrics
