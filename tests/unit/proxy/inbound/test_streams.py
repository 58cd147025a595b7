"""Which streams end when what they rest on does."""

from pathlib import Path

import pytest

from tests.support.raw_http import post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head
from tests.support.rig import CALL, running_rig


@pytest.mark.requirement("152")
async def test_the_streams_of_a_revoked_caller_end_and_those_of_others_go_on(
    tmp_path: Path,
) -> None:
    revoked = tmp_path / "revocations.yaml"
    revoked.write_text("revocations: []", encoding="utf-8")
    async with (
        running_rig(f"revocations: {{file: {revoked}}}\n") as rig,
        raw_connection(rig.port) as adas,
        raw_connection(rig.port) as bobs,
    ):
        for client, subject in ((adas, "ada"), (bobs, "bob")):
            rig.upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\n"))
            await client.send(post(rig.port, CALL, token=rig.token(sub=subject)))
            assert (await client.read_head()).status == 200
            assert await client.read_chunk() == b"data: 1\n\n"

        revoked.write_text("revocations: [{subject: ada}]", encoding="utf-8")

        assert b"revoked" in await adas.read_chunk()
        await rig.upstream.send(chunk(b"data: 2\n\n"))
        assert await bobs.read_chunk() == b"data: 2\n\n"
