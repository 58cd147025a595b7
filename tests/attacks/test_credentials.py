"""A good token counts in one place only, and no body is asked for before it was seen."""

import re

import pytest

from tests.attacks.cases import cases
from tests.attacks.credentials import CREDENTIALS, EXPECTATIONS, CredentialAttack
from tests.support.raw_http import raw_connection
from tests.support.rig import CALL, Rig, running_rig

GIB = 1024**3


def bytes_of(attack: CredentialAttack, rig: Rig, length: int) -> bytes:
    lines = [
        f"POST /mcp?{attack.query} HTTP/1.1",
        f"Host: 127.0.0.1:{rig.port}",
        f"Content-Length: {length}",
        *attack.headers,
    ]
    if not any(line.startswith("Content-Type") for line in attack.headers):
        lines.append("Content-Type: application/json")
    return "\r\n".join([*lines, "", ""]).replace("{token}", rig.token()).encode("latin-1")


@pytest.mark.requirement("H7", "I12", "3", "6", "12", "13", "70", "73", "76", "B9")
@pytest.mark.parametrize("attack", cases(CREDENTIALS))
async def test_a_token_in_the_wrong_place_opens_nothing(attack: CredentialAttack) -> None:
    async with running_rig() as rig:
        response = await rig.send(bytes_of(attack, rig, len(CALL)) + CALL)

        assert response.status in attack.statuses
        challenge = response.challenge or ""
        document = f"{rig.origin}/.well-known/oauth-protected-resource/mcp"
        assert challenge.startswith("Bearer ")
        assert f'resource_metadata="{document}"' in challenge
        error = "invalid_request" if response.status == 400 else attack.error
        assert re.findall('error="(.*?)"', challenge) == ([error] if error else [])
        assert rig.token().encode() not in response.body
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H11", "171", "172")
@pytest.mark.parametrize("attack", cases(EXPECTATIONS))
async def test_no_body_is_asked_for_that_will_not_be_read(attack: CredentialAttack) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await client.send(bytes_of(attack, rig, GIB))

        response = await client.read_response()

        assert response.status in attack.statuses  # and not 100
        assert response.value("Connection") == "close"
        assert await client.is_closed()
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H11", "172")
async def test_a_body_is_asked_for_after_the_token_was_seen() -> None:
    expecting = CredentialAttack(
        "172", "", ("Expect: 100-continue", "Authorization: Bearer {token}")
    )
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await client.send(bytes_of(expecting, rig, len(CALL)))
        interim = await client.read_response()
        await client.send(CALL)
        final = await client.read_response()

        assert (interim.status, final.status) == (100, 200)
        assert rig.upstream.last.values("Expect") == []
        assert rig.upstream.last.body == CALL
