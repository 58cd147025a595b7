"""What somebody who was refused before the message was read had called."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.support.raw_http import post, raw_connection
from tests.support.rig import CALL, running_rig

pytestmark = pytest.mark.requirement("U11")
REFUSED = "allow: {subjects: [grace]}"


async def test_a_body_that_does_not_come_holds_the_refusal_up_for_a_moment_only(
    tmp_path: Path,
) -> None:
    audit = tmp_path / "audit.jsonl"
    more = f"log: {{audit_file: {audit}}}\n"
    async with running_rig(more, server=REFUSED) as rig, raw_connection(rig.port) as client:
        request = post(rig.port, CALL, token=rig.token())
        await client.send(request[:-10])
        async with asyncio.timeout(4):
            assert (await client.read_head()).status == 403
        rig.upstream.assert_untouched()

    line = json.loads(audit.read_text(encoding="utf-8"))
    assert (line["subject"], line["name"]) == ("ada", None)


async def test_who_waits_to_be_asked_for_the_body_is_not_asked() -> None:
    async with running_rig(server=REFUSED) as rig, raw_connection(rig.port) as client:
        headers = b"Expect: 100-continue\r\n"
        request = post(rig.port, CALL, token=rig.token(), headers=headers)
        await client.send(request[: -len(CALL)])

        assert (await client.read_head()).status == 403
        rig.upstream.assert_untouched()
