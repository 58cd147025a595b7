"""The upstream learns who called from the gateway alone."""

import re
from collections.abc import Callable

import pytest

from tests.attacks.identity_headers import (
    CLAIMS,
    MALFORMED,
    NAMES,
    NOMINATIONS,
    SPELLINGS,
    TRAILERS,
    HostileClaim,
)
from tests.support.gateway import running_gateway
from tests.support.raw_http import exchange, post, raw_connection
from tests.support.recording_upstream import RecordedRequest, RecordingUpstream
from tests.support.rig import CALL, Rig, running_rig
from tests.support.token_signer import TokenSigner

OURS = {re.sub("[^a-z0-9]", "-", name.lower()) for name in NAMES}


def identity_of(request: RecordedRequest) -> dict[str, list[str]]:
    """Every header that any server could take for an identity header."""
    found: dict[str, list[str]] = {}
    for name, value in request.headers:
        if re.sub("[^a-z0-9]", "-", name.lower()) in OURS:
            found.setdefault(name, []).append(value)
    return found


def adas(rig: Rig) -> dict[str, list[str]]:
    """What the gateway says of the caller, whose token names neither e-mail nor groups."""
    return {
        "X-User-Id": ["ada"],
        "X-User-Scopes": ["mcp:read"],
        "X-User-Issuer": [rig.signer.issuer],
        "X-Client-Id": ["test-client"],
    }


@pytest.mark.requirement("I1", "I2", "I3", "I4", "142")
@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
async def test_no_spelling_of_an_identity_header_gets_through(spell: Callable[[str], str]) -> None:
    forged = b"".join(f"{spell(name)}: root\r\n{spell(name)}: \r\n".encode() for name in NAMES)
    async with running_rig() as rig:
        before = post(rig.port, CALL, token=rig.token(), headers=forged)
        host, _, rest = post(rig.port, CALL, token=rig.token()).partition(b"\r\nAuthorization")

        statuses = [
            (await rig.send(before)).status,
            (await rig.send(host + b"\r\n" + forged + b"Authorization" + rest)).status,
        ]

        assert statuses == [200, 200]
        assert [identity_of(request) for request in rig.upstream.requests] == [adas(rig)] * 2


@pytest.mark.requirement("I5", "H5", "169")
@pytest.mark.parametrize("trailer", TRAILERS)
async def test_a_trailer_is_never_merged_into_the_head(trailer: str) -> None:
    async with running_rig() as rig:
        head = post(rig.port, CALL, token=rig.token()).partition(b"\r\n\r\n")[0]
        chunked = f"Transfer-Encoding: chunked\r\nTrailer: {trailer}".encode()
        head = head.replace(b"Content-Length: %d" % len(CALL), chunked)
        body = b"%x\r\n%b\r\n0\r\n%b: 1mallory\r\n\r\n" % (len(CALL), CALL, trailer.encode())

        response = await rig.send(head + b"\r\n\r\n" + body)

        assert response.status in (200, 400)
        assert b"mallory" not in rig.upstream.received
        assert (response.status == 200) == (len(rig.upstream.requests) == 1)
        assert all(identity_of(request) == adas(rig) for request in rig.upstream.requests)
        assert all(request.body == CALL for request in rig.upstream.requests)


@pytest.mark.requirement("I6", "H9", "158")
@pytest.mark.parametrize("nominated", NOMINATIONS)
async def test_connection_cannot_take_away_what_is_not_its_own(nominated: str) -> None:
    async with running_rig() as rig:
        response = await rig.call(headers=f"Connection: {nominated}\r\n".encode())

        assert response.status == 400
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H9", "158", "159")
async def test_connection_takes_away_what_is_its_own() -> None:
    lines = b"Connection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
    async with running_rig() as rig:
        response = await rig.call(headers=lines + b"X-End: 2\r\n")

        assert response.status == 200
        hop = ("X-Hop", "Connection", "Keep-Alive", "TE")
        assert [rig.upstream.last.value(name) for name in hop] == [None] * 4
        assert rig.upstream.last.value("X-End") == "2"
        assert identity_of(rig.upstream.last) == adas(rig)


@pytest.mark.requirement("I7", "168")
@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_header_line_ends_the_connection(line: str) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        request = post(rig.port, CALL, token=rig.token(), headers=f"{line}\r\n".encode("latin-1"))
        await client.send(request)

        assert (await client.read_response()).status == 400
        assert await client.is_closed()
        rig.upstream.assert_untouched()


@pytest.mark.requirement("I8")
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
async def test_a_claim_is_told_whole_and_adds_no_header(claim: HostileClaim) -> None:
    async with running_rig() as rig:
        response = await rig.call(token=rig.token(header=None, **claim.claims))

        assert response.status == 200
        told = identity_of(rig.upstream.last)
        assert told == adas(rig) | {claim.header: [claim.value]}
        assert rig.upstream.last.body == CALL


@pytest.mark.requirement("I8")
async def test_a_claim_too_long_for_any_header_is_refused_not_cut() -> None:
    async with running_rig() as rig:
        response = await rig.call(token=rig.token(sub="a" * 100_000))

        assert response.status in (400, 431)
        rig.upstream.assert_untouched()


@pytest.mark.requirement("I9")
@pytest.mark.parametrize("empty", ["", None, [], {}, 7])
async def test_an_unusable_claim_leaves_no_header_and_nothing_of_the_last_caller(
    empty: object,
) -> None:
    async with running_rig() as rig:
        await rig.call(token=rig.token(email="ada@example.com"))
        response = await rig.call(token=rig.token(sub="grace", email=empty))

        assert response.status in (200, 401)
        for request in rig.upstream.requests[1:]:
            assert identity_of(request) == adas(rig) | {"X-User-Id": ["grace"]}


REQUIRING = """\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers: {{idp: {{issuer: "{issuer}"}}}}
servers:
  mcp:
    upstream: {upstream}
    allow: any
    forward: {{required: [X-User-Email]}}
"""


@pytest.mark.requirement("I9")
@pytest.mark.parametrize("email", [None, "", 7, []])
async def test_a_caller_without_a_required_claim_is_denied(
    email: object, port: int, upstream: RecordingUpstream, signer: TokenSigner
) -> None:
    config = REQUIRING.format(port=port, issuer=signer.issuer, upstream=upstream.url)
    resource = f"http://127.0.0.1:{port}/mcp"
    async with running_gateway(config):
        told = signer.token(resource, email="ada@example.com")
        untold = signer.token(resource, sub="grace", email=email)
        answers = [await exchange(port, post(port, CALL, token=each)) for each in (told, untold)]

        assert answers[0].status == 200
        assert answers[1].status in (401, 403)
        assert [identity_of(each)["X-User-Id"] for each in upstream.requests] == [["ada"]]


@pytest.mark.requirement("I11")
@pytest.mark.parametrize("path", ["/.well-known/oauth-protected-resource/mcp", "/mcp"])
async def test_what_needs_no_token_carries_no_identity_anywhere(path: str) -> None:
    forged = b"".join(f"{name}: root\r\n".encode() for name in NAMES)
    async with running_rig() as rig:
        response = await rig.send(rig.request("GET", path, headers=forged))

        assert response.status == (401 if path == "/mcp" else 200)
        assert b"root" not in response.body
        rig.upstream.assert_untouched()
