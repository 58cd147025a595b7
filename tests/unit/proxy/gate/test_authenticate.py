"""Who calls: the one credential of a request, and the verdict on it."""

import re

import pytest

from gateway.errors import InvalidToken, MisplacedCredentials, MissingToken
from gateway.proxy.gate.authenticate import parse_credentials
from tests.support.heads import head
from tests.support.raw_http import exchange
from tests.support.rig import running_rig

GOOD = ("Authorization", "Bearer abc")


def test_a_request_has_one_credential_or_none() -> None:
    credentials = parse_credentials(head(headers=[GOOD]))

    assert credentials is not None
    assert (credentials.scheme, credentials.token) == ("Bearer", "abc")
    assert parse_credentials(head()) is None


@pytest.mark.requirement("13", "74")
def test_credentials_in_two_places_or_in_the_query_are_refused() -> None:
    with pytest.raises(MisplacedCredentials):
        parse_credentials(head(headers=[GOOD, GOOD]))
    with pytest.raises(MisplacedCredentials):
        parse_credentials(head(query="access_token=abc"))


@pytest.mark.parametrize(
    ("value", "error"), [("Bearer", MissingToken), ("Bearer ${TOKEN}", InvalidToken)]
)
def test_an_empty_and_an_unusable_credential_are_told_apart(
    value: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        parse_credentials(head(headers=[("Authorization", value)]))


@pytest.mark.requirement("8")
async def test_without_credentials_there_is_a_challenge_without_an_error() -> None:
    async with running_rig() as rig:
        response = await rig.send(rig.request("GET", "/mcp"))

        assert response.status == 401
        assert "error=" not in (response.challenge or "")
        rig.upstream.assert_untouched()


@pytest.mark.requirement("A7")
async def test_an_address_that_failed_too_often_waits_and_known_callers_do_not() -> None:
    async with running_rig("limits: {unauthenticated_per_address: 2/h}\n") as rig:
        assert (await rig.call()).status == 200
        statuses = [(await rig.call(token=f"e30.e30.{number}aa")).status for number in range(3)]

        assert statuses == [401, 401, 429]
        assert (await rig.call()).status == 200
        assert len(rig.upstream.requests) == 2


@pytest.mark.requirement("121")
async def test_a_verdict_that_is_remembered_is_counted_by_what_it_says() -> None:
    async with running_rig() as rig:
        bad, good = rig.signer.token("https://other.example/mcp"), rig.token()
        for token in (bad, bad, bad, good, good):
            await rig.call(token=token)

        page = await exchange(
            rig.admin_port, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )

        counted = re.findall(rb'token_cache_requests_total{result="(\w+)"} (\d)', page.body)
        assert dict(counted) == {b"miss": b"2", b"negative": b"2", b"hit": b"1"}
