"""Tokens that are made to break whoever reads them: refused, counted, and shown to nobody."""

import html
import json

import pytest
from aiohttp import ClientSession

from gateway.strict_json import MAX_DEPTH
from tests.support.rig import running_rig
from tests.support.token_signer import compact

HEADER = b'{"alg":"RS256","typ":"at+jwt"}'


def _nested_token(depth: int, text: str) -> str:
    payload = '{"sub":"' + text + '","x":' + "[" * depth + "]" * depth + "}"
    return compact(HEADER, payload.encode())


@pytest.mark.requirement("A8", "7")
async def test_a_token_nested_without_end_is_invalid_and_counts_as_a_failure(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with running_rig("limits: {unauthenticated_per_address: 20/m}\n") as rig:
        depths = [MAX_DEPTH, *range(970, 990)]
        responses = [await rig.call(token=_nested_token(each, "\\u00fc")) for each in depths]

        assert [each.status for each in responses] == [401] * 20 + [429]
        assert all('error="invalid_token"' in str(each.challenge) for each in responses[:20])
        rig.upstream.assert_untouched()
    assert "unexpected failure" not in "".join(capfd.readouterr())


@pytest.mark.requirement("A8")
async def test_a_token_with_a_deep_header_is_invalid_too() -> None:
    async with running_rig() as rig:
        deep = '{"alg":"RS256","a":"\\u00fc","x":' + "[" * 977 + "]" * 977 + "}"

        response = await rig.call(token=compact(deep.encode(), json.dumps({"sub": "a"}).encode()))

        assert response.status == 401
        rig.upstream.assert_untouched()


@pytest.mark.requirement("B11")
@pytest.mark.parametrize(
    ("change", "header", "what", "expected"),
    [
        ({"aud": "https://<b>other"}, {}, "aud", "{resource}"),
        ({"iss": "{issuer}/"}, {}, "iss", "{issuer}"),
        ({}, {"typ": "id+jwt"}, "typ", "at+jwt"),
        ({}, {"alg": "HS256"}, "alg", "ES256"),
    ],
)
async def test_an_operator_sees_what_a_token_says_and_what_it_should(
    change: dict[str, str],
    header: dict[str, str],
    what: str,
    expected: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with running_rig() as rig, ClientSession() as client:
        words = {"issuer": rig.signer.issuer, "resource": rig.resource}
        claims = {name: value.format(**words) for name, value in change.items()}
        token = rig.token(header=header, **claims)
        responses = [await rig.call(token=token) for _ in range(3)]
        async with client.get(f"http://127.0.0.1:{rig.admin_port}/") as answer:
            page = html.unescape(await answer.text())
            raw = await answer.text()

        assert [each.status for each in responses] == [401] * 3
        rig.upstream.assert_untouched()
        received = [*claims.values(), *header.values()][0]
        assert all(received not in str(each.challenge) for each in responses)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    (told,) = [each for each in lines if each["message"].startswith("token refused")]
    assert (told["what"], told["received"]) == (what, json.dumps(received))
    assert expected.format(**words) in told["expected"]
    assert json.dumps(received) in page
    assert "<b>other" not in raw
    assert token not in json.dumps(lines) + page
