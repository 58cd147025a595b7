"""Messages that could mean two things are refused; those that mean one thing pass as they came."""

import json

import pytest

from tests.attacks import messages, mirrored_headers
from tests.attacks.cases import cases
from tests.attacks.messages import MIRRORING, MessageAttack, call
from tests.attacks.mirrored_headers import META, METHOD, NAME
from tests.support.rig import CALL, Rig, running_rig

TABLES = [
    messages.DOUBLED,
    messages.TWINS,
    messages.BATCHES,
    messages.NOT_JSON,
    messages.TOO_MUCH,
    messages.MEDIA,
    messages.CODINGS,
    messages.SHAPES,
    mirrored_headers.MIRRORED,
    mirrored_headers.REVISIONS,
]


def bytes_of(attack: MessageAttack, rig: Rig) -> bytes:
    lines = [
        "POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{rig.port}",
        f"Authorization: Bearer {rig.token()}",
        f"Content-Length: {len(attack.body)}",
        *attack.headers,
    ]
    if attack.media is not None:
        lines.append(f"Content-Type: {attack.media}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + attack.body


@pytest.mark.requirement("M1", "M2", "M4", "M5", "M6", "M7", "M8", "M9", "M10", "M11", "32", "43")
@pytest.mark.parametrize("attack", cases(*TABLES))
async def test_a_hostile_message_is_refused_before_the_upstream_sees_a_byte(
    attack: MessageAttack,
) -> None:
    async with running_rig() as rig:
        response = await rig.send(bytes_of(attack, rig))

        assert response.status in attack.statuses
        error = json.loads(response.body)["error"]
        assert not attack.code or error["code"] == attack.code
        assert response.challenge is None  # the token was good
        rig.upstream.assert_untouched()


SAME_MEANING = {
    "escaped method": CALL.replace(b"tools/call", b"\\u0074ools/call"),
    "escaped slash": CALL.replace(b"tools/call", b"tools\\/call"),
    "escaped key": CALL.replace(b'"method"', b'"m\\u0065thod"'),
    "surrogate pair": CALL.replace(b"whoami", b"\\ud83d\\ude00"),
    "spaces": b" \t\r\n" + CALL.replace(b",", b" ,\n") + b"\n",
    "unknown members": CALL[:-1] + b',"x":{"name":1,"name":2}}',
    "doubled keys of arguments": call(b'{"name":"whoami","arguments":{"a":1,"A":2}}'),
    "response": b'{"jsonrpc":"2.0","id":1,"result":{}}',
    "error without an id": b'{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}',
    "unknown method": b'{"jsonrpc":"2.0","id":"a","method":"com.example/x"}',
}


@pytest.mark.requirement("M3", "M11", "45")
@pytest.mark.parametrize("body", SAME_MEANING.values(), ids=SAME_MEANING)
async def test_a_message_with_one_meaning_passes_byte_for_byte(body: bytes) -> None:
    async with running_rig() as rig:
        response = await rig.call(body=body)

        assert response.status == 200
        assert [request.body for request in rig.upstream.requests] == [body]


@pytest.mark.requirement("M4", "30")
async def test_a_batch_of_the_batch_era_passes_whole() -> None:
    batch = b"[%b,%b]" % (CALL, messages.LISTING)
    async with running_rig() as rig:
        response = await rig.call(body=batch, headers=messages.BATCH_ERA.encode() + b"\r\n")

        assert response.status == 200
        assert rig.upstream.last.body == batch


@pytest.mark.requirement("M9", "33", "34", "37")
@pytest.mark.parametrize("name", [NAME, "mcp-name: =?base64?d2hvYW1p?="])
async def test_agreeing_headers_reach_the_upstream(name: str) -> None:
    body = call(b'{"name":"whoami",%b}' % (META % b"2026-07-28"))
    lines = [MIRRORING, METHOD, name, "Mcp-Param-City_Name: =?base64?w6k=?="]
    async with running_rig() as rig:
        response = await rig.call(body=body, headers="".join(f"{x}\r\n" for x in lines).encode())

        assert response.status == 200
        assert rig.upstream.last.value("Mcp-Name") == name.partition(": ")[2]
        assert rig.upstream.last.value("Mcp-Param-City_Name") == "=?base64?w6k=?="
