"""Limits of one caller, keyed on who it is; every refusal is 429, early, and says how long."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from tests.integration.test_sessions import begin, header
from tests.support.raw_http import RawResponse, post, raw_connection
from tests.support.recording_upstream import event_stream_head
from tests.support.rig import CALL, Rig, running_rig

OTHER_TOOL = CALL.replace(b"whoami", b"other")
LISTEN = b'{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{}}}'


def check_refusal(response: RawResponse, reason: str) -> None:
    error = json.loads(response.body)["error"]
    assert response.status == 429
    assert error["data"]["reason"] == reason
    assert error["data"]["retry_after_s"] == int(response.value("Retry-After") or 0) >= 1


@pytest.mark.requirement("S8")
async def test_a_caller_may_ask_so_often_whatever_token_is_shown() -> None:
    async with running_rig(server="limits: {per_principal: 3/m}") as rig:
        for number in range(3):
            assert (await rig.call(token=rig.token(jti=str(number)))).status == 200

        check_refusal(await rig.call(token=rig.token(jti="new")), "rate_limited")
        check_refusal(await rig.call(), "rate_limited")
        assert len(rig.upstream.requests) == 3
        assert (await rig.call(token=rig.token(sub="bob"))).status == 200


async def test_each_message_of_a_batch_counts() -> None:
    async with running_rig(server="limits: {per_principal: 3/m}") as rig:
        check_refusal(await rig.call(body=b"[" + b",".join([CALL] * 4) + b"]"), "rate_limited")
        rig.upstream.assert_untouched()


async def test_a_new_session_is_no_fresh_start() -> None:
    limits = "limits: {per_principal: 4/m, per_session: 1/m}"
    async with running_rig(server=limits) as rig:
        one, two = await begin(rig), await begin(rig)
        assert (await rig.call(headers=header(one))).status == 200
        check_refusal(await rig.call(headers=header(one)), "session_rate_limited")
        received = len(rig.upstream.requests)

        check_refusal(await rig.call(headers=header(two)), "rate_limited")
        assert len(rig.upstream.requests) == received


async def test_a_tool_has_a_limit_of_its_own() -> None:
    async with running_rig(server='limits: {per_tool: {"who*": 1/m, "*": 2/m}}') as rig:
        answers = [await rig.call() for _ in range(2)]
        others = [await rig.call(body=OTHER_TOOL) for _ in range(3)]

        assert [each.status for each in answers] == [200, 429]
        check_refusal(answers[1], "tool_rate_limited")
        assert [each.status for each in others] == [200, 200, 429]
        assert len(rig.upstream.requests) == 3


@pytest.mark.requirement("S8")
@pytest.mark.parametrize(("limit", "method"), [("concurrent", "POST"), ("streams", "GET")])
async def test_only_so_much_is_under_way_at_once(limit: str, method: str) -> None:
    async with running_rig(server=f"limits: {{{limit}: 1}}") as rig:
        rig.upstream.replies.append(None)
        token = rig.token()
        lines = f"Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n".encode()
        listen = rig.request("GET", "/mcp", headers=lines)
        request = post(rig.port, CALL, token=token) if method == "POST" else listen
        async with raw_connection(rig.port) as first:
            await first.send(request)
            await rig.upstream.wait_for_request()
            refused = await rig.send(request)
            what = "too_many_calls" if method == "POST" else "too_many_streams"
            check_refusal(refused, what)
            assert len(rig.upstream.requests) == 1
        async with asyncio.timeout(5):
            while (await rig.send(request)).status != 200:  # noqa: ASYNC110 - nothing tells when
                await asyncio.sleep(0.02)


@pytest.mark.requirement("N6", "S8")
async def test_an_address_that_keeps_failing_waits_before_its_tokens_are_looked_at() -> None:
    async with running_rig("limits: {unauthenticated_per_address: 3/m}\n") as rig:
        known = rig.token()
        assert (await rig.call(token=known)).status == 200
        failed = [await rig.call(token=f"bad{number}") for number in range(5)]

        assert [each.status for each in failed] == [401, 401, 401, 429, 429]
        check_refusal(failed[-1], "too_many_failures")
        assert len(rig.upstream.requests) == 1
        assert (await rig.call(token=known)).status == 200  # its verdict is remembered


@pytest.mark.requirement("N6", "S8")
async def test_the_failures_of_one_address_are_nobody_elses() -> None:
    limits = "trusted_proxies: [127.0.0.1]\nlimits: {unauthenticated_per_address: 3/m}\n"
    forger, other = (b"X-Forwarded-For: 198.51.100.%d\r\n" % number for number in (1, 2))
    async with running_rig(limits) as rig:
        for number in range(3):
            await rig.call(token=f"bad{number}", headers=forger)

        check_refusal(await rig.call(headers=forger), "too_many_failures")
        rig.upstream.assert_untouched()
        assert (await rig.call(headers=other)).status == 200


@pytest.mark.requirement("S8")
async def test_peers_are_told_apart_by_the_connections_they_come_on() -> None:
    async with running_rig("limits: {unauthenticated_per_address: 1/m}\n") as rig:
        call = post(rig.port, CALL, token=rig.token())
        async with raw_connection(rig.port, "127.0.0.2") as forger:
            await forger.send(post(rig.port, CALL, token="bad"))  # noqa: S106  # no password
            assert (await forger.read_response()).status == 401
            await forger.send(call)
            check_refusal(await forger.read_response(), "too_many_failures")
        rig.upstream.assert_untouched()
        async with raw_connection(rig.port, "127.0.0.3") as other:
            await other.send(call)
            assert (await other.read_response()).status == 200


@pytest.mark.requirement("S8")
async def test_callers_without_a_token_have_an_allowance_for_each_address() -> None:
    keys = "allow: anonymous, limits: {per_principal: 1/m}"
    first, second = (b"X-Forwarded-For: 198.51.100.%d\r\n" % number for number in (1, 2))
    async with running_rig("trusted_proxies: [127.0.0.1]\n", server=keys) as rig:
        calls = [post(rig.port, CALL, headers=each) for each in (first, second, first)]

        statuses = [(await rig.send(each)).status for each in calls]

        assert statuses == [200, 200, 429]
        assert len(rig.upstream.requests) == 2


async def test_an_address_that_failed_once_may_go_on_with_good_tokens() -> None:
    """What is being looked at counts; what was looked at and found good does not."""
    async with running_rig("limits: {unauthenticated_per_address: 3/m}\n") as rig:
        assert (await rig.call(token="bad")).status == 401  # noqa: S106  # no password

        statuses = [(await rig.call(token=rig.token(jti=str(n)))).status for n in range(6)]

        assert statuses == [200] * 6


async def test_probes_without_a_token_count_but_are_always_answered() -> None:
    async with running_rig("limits: {unauthenticated_per_address: 1/m}\n") as rig:
        probes = [await rig.send(rig.request("GET", "/mcp")) for _ in range(3)]

        assert [each.status for each in probes] == [401, 401, 401]
        check_refusal(await rig.call(), "too_many_failures")
        rig.upstream.assert_untouched()


@pytest.mark.requirement("N6")
async def test_a_crowd_of_forged_tokens_does_not_slip_through_at_once() -> None:
    async with running_rig("limits: {unauthenticated_per_address: 5/m}\n") as rig:
        await rig.call(token="bad")  # noqa: S106 - from now on the address has failed
        async with asyncio.TaskGroup() as crowd:
            tokens = [rig.token(header={"kid": f"unknown-{n}"}) for n in range(50)]
            calls = [crowd.create_task(rig.call(token=token)) for token in tokens]

        statuses = [each.result().status for each in calls]
        assert statuses.count(401) <= 4
        assert set(statuses) == {401, 429}
        rig.upstream.assert_untouched()


@pytest.mark.requirement("A7")
async def test_many_clients_of_one_caller_share_its_allowance() -> None:
    async with running_rig(server="limits: {per_principal: 3/m}") as rig:
        tokens = [rig.token(client_id=f"registered-{number}") for number in range(6)]
        answers = [await rig.call(token=each) for each in tokens]

        assert [each.status for each in answers] == [200] * 3 + [429] * 3
        assert len(rig.upstream.requests) == 3


@pytest.mark.requirement("A7")
async def test_a_client_has_a_limit_of_its_own_whoever_uses_it() -> None:
    limits = "limits: {per_principal: 3/m, per_client: 4/m}"
    async with running_rig(server=limits) as rig:

        async def ask(sub: str, client_id: str = "shared") -> RawResponse:
            return await rig.call(token=rig.token(sub=sub, client_id=client_id))

        ada = [(await ask("ada")).status for _ in range(6)]
        bob = [await ask("bob") for _ in range(2)]

        assert ada == [200] * 3 + [429] * 3  # what was refused used nothing of the client's
        assert bob[0].status == 200
        check_refusal(bob[1], "client_rate_limited")
        assert (await ask("eve", "another")).status == 200
        assert len(rig.upstream.requests) == 5


@pytest.mark.requirement("A7")
async def test_one_ipv4_caller_locks_out_no_other_behind_a_dual_stack_proxy() -> None:
    more = "trusted_proxies: [127.0.0.1]\nlimits: {unauthenticated_per_address: 2/m}\n"
    async with running_rig(more) as rig:

        async def ask(address: str, token: str) -> RawResponse:
            lines = f"X-Forwarded-For: {address}\r\n".encode()
            return await rig.send(post(rig.port, CALL, token=token, headers=lines))

        forged = [(await ask("::ffff:192.0.2.1", f"forged-{each}")).status for each in range(3)]
        other = await ask("::ffff:192.0.2.2", rig.token())
        plain = await ask("192.0.2.1", rig.token(jti="new"))

        assert forged == [401, 401, 429]
        assert other.status == 200
        check_refusal(plain, "too_many_failures")


@pytest.mark.requirement("A7")
async def test_the_streams_of_one_caller_have_a_bound_of_their_own() -> None:
    async with running_rig(upstream="max_connections: 40") as rig, AsyncExitStack() as stack:
        answers = [await _listen(rig, stack, rig.token()) for _ in range(11)]

        assert [each.status for each in answers] == [200] * 10 + [429]
        assert len(rig.upstream.requests) == 10
        rig.upstream.replies.clear()
        assert (await _listen(rig, stack, rig.token(sub="bob"))).status == 200


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_streams_leave_the_last_connections_to_calls(method: str) -> None:
    async with running_rig(upstream="max_connections: 4") as rig, AsyncExitStack() as stack:
        tokens = [rig.token(sub=f"caller-{number}") for number in range(4)]
        answers = [await _listen(rig, stack, each, method) for each in tokens]

        assert [each.status for each in answers] == [200, 200, 200, 503]
        assert len(rig.upstream.requests) == 3
        rig.upstream.replies.clear()
        assert (await rig.call()).status == 200


async def _listen(rig: Rig, stack: AsyncExitStack, token: str, method: str = "GET") -> RawResponse:
    """Open a stream that stays, and return its head."""
    rig.upstream.replies.append(event_stream_head())
    accept = b"Accept: text/event-stream\r\n"
    lines = f"Authorization: Bearer {token}\r\n".encode() + accept
    request = rig.request("GET", "/mcp", headers=lines)
    if method == "POST":
        request = post(rig.port, LISTEN, token=token, headers=accept)
    client = await stack.enter_async_context(raw_connection(rig.port))
    await client.send(request)
    return await client.read_head()
