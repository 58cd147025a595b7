"""The authorization server as several processes on one store, and as one that is killed."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from redis.asyncio import Redis

from tests.support.login_pages import OAuthClient, PersonsBrowser
from tests.support.recording_upstream import RecordingUpstream
from tests.support.redis_server import RedisServer, running_redis
from tests.support.replicas import LIMIT_S, Replicas, running_replicas
from tests.support.rig import CALL

TIMES = 50


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


def on(redis: RedisServer) -> str:
    return f"store: {{url: '{redis.url}'}}\n"


async def registered(replicas: Replicas) -> OAuthClient:
    client = replicas.client()
    status, answer = await client.register()
    assert status == 201, answer
    return client


async def code_for(client: OAuthClient) -> str:
    async with PersonsBrowser() as browser:
        return (await browser.log_in(client.authorize_url())).answer["code"]


async def logged_in(client: OAuthClient) -> tuple[str, str]:
    """Access and refresh token of a new login."""
    status, answer = await client.exchange(await code_for(client))
    assert status == 200, answer
    return str(answer["access_token"]), str(answer["refresh_token"])


async def call(replicas: Replicas, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{replicas.port}/mcp"
    async with (
        ClientSession() as session,
        session.post(url, data=CALL, headers=headers) as answer,
    ):
        return answer.status


async def until_refused(replicas: Replicas, token: str) -> None:
    """Ask until the revocation has come: replicas look for changes twice a second."""
    async with asyncio.timeout(LIMIT_S):
        status = 200
        while status == 200:
            status = await call(replicas, token)
    assert status == 401


async def stored(redis: RedisServer) -> Counter[str]:
    """How much of each kind the replicas keep."""
    async with Redis.from_url(redis.url) as store:
        return Counter(str(name).split(":")[1] for name in await store.keys("mcpgw:*"))


@pytest.mark.requirement("130", "F9")
async def test_many_redeem_one_code_at_two_replicas_and_one_gets_tokens(
    redis: RedisServer, upstream: RecordingUpstream, tmp_path: Path
) -> None:
    async with running_replicas(tmp_path, upstream.url, more=on(redis)) as replicas:
        client = await registered(replicas)
        code = await code_for(client)

        answers = await asyncio.gather(*(client.exchange(code) for _ in range(TIMES)))

        assert Counter(status for status, _ in answers) == {200: 1, 400: TIMES - 1}
        refusals = {answer["error"] for status, answer in answers if status == 400}
        (granted,) = [answer for status, answer in answers if status == 200]
        for number in (0, 1):  # a code that came twice ends what came of it
            replicas.use(number)
            status, answer = await client.refresh(str(granted["refresh_token"]))
            assert (status, answer["error"]) == (400, "invalid_grant")
        kinds = await stored(redis)

    assert refusals == {"invalid_grant"}
    assert (kinds["used-code"], kinds["ended-family"]) == (1, 1)
    upstream.assert_untouched()


@pytest.mark.requirement("F10")
async def test_many_refresh_at_two_replicas_and_all_go_on_with_one_answer(
    redis: RedisServer, upstream: RecordingUpstream, tmp_path: Path
) -> None:
    async with running_replicas(tmp_path, upstream.url, more=on(redis)) as replicas:
        client = await registered(replicas)
        _, first = await logged_in(client)

        answers = await asyncio.gather(*(client.refresh(first) for _ in range(TIMES)))

        assert Counter(status for status, _ in answers) == {200: TIMES}
        (refresh,) = {str(answer["refresh_token"]) for _, answer in answers}
        (access,) = {str(answer["access_token"]) for _, answer in answers}
        for number in (0, 1):
            replicas.use(number)
            assert await call(replicas, access) == 200
        assert (await client.refresh(refresh))[0] == 200
        kinds = await stored(redis)

    assert (kinds["used-refresh"], kinds["ended-family"]) == (2, 0)
    assert len(upstream.requests) == 2


async def test_every_step_of_a_login_may_be_at_another_replica(
    redis: RedisServer, upstream: RecordingUpstream, tmp_path: Path
) -> None:
    async with (
        running_replicas(tmp_path, upstream.url, more=on(redis)) as replicas,
        PersonsBrowser() as browser,
    ):
        replicas.use(0)
        client = await registered(replicas)
        replicas.use(1)
        asked = await browser.open(client.authorize_url())
        replicas.use(0)
        login = await browser.send(asked, decision="approve")
        replicas.use(1)
        end = await browser.send(login, name="ada", password=browser.password)
        replicas.use(0)
        again = await browser.send(login, name="ada", password=browser.password)
        status, answer = await client.exchange(end.answer["code"])

        assert status == 200, answer
        assert again.status == 403  # used up at the other one
        replicas.use(1)
        assert await call(replicas, str(answer["access_token"])) == 200


async def test_login_revoked_at_one_replica_ends_at_the_other(
    redis: RedisServer, upstream: RecordingUpstream, tmp_path: Path
) -> None:
    async with running_replicas(tmp_path, upstream.url, more=on(redis)) as replicas:
        client = await registered(replicas)
        access, refresh = await logged_in(client)
        replicas.use(1)
        assert await call(replicas, access) == 200
        replicas.use(0)

        assert (await client.post("/revoke", token=refresh))[0] == 200

        replicas.use(1)
        status, answer = await client.refresh(refresh)
        assert (status, answer["error"]) == (400, "invalid_grant")
        await until_refused(replicas, access)
        seen = len(upstream.requests)
        assert await call(replicas, access) == 401
        assert len(upstream.requests) == seen


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
async def test_a_killed_replica_takes_no_login_with_it(
    kind: str, redis: RedisServer, upstream: RecordingUpstream, tmp_path: Path
) -> None:
    more = on(redis) if kind == "redis" else ""
    async with running_replicas(tmp_path, upstream.url, more=more) as replicas:
        replicas.use(0)
        client = await registered(replicas)
        access, first = await logged_in(client)
        code = await code_for(client)
        status, answer = await client.refresh(first)
        assert status == 200

        await replicas.each[0].kill()

        replicas.use(1)
        assert await call(replicas, access) == 200
        assert (await client.exchange(code))[0] == 200
        assert await client.refresh(first) == (200, answer)  # within the grace: the same
        status, answer = await client.refresh(str(answer["refresh_token"]))
        assert status == 200
        await replicas.each[0].start()
        replicas.use(0)
        assert (await client.refresh(str(answer["refresh_token"])))[0] == 200
        assert (await client.exchange(code))[0] == 400  # what was used stays used
