"""No token is kept, whatever is kept of those who used it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession
from redis.asyncio import Redis

from tests.integration.test_revocation import ADMIN, TOKEN
from tests.integration.test_sessions import begin, header
from tests.support.redis_server import RedisServer, running_redis
from tests.support.rig import Rig, running_rig

SERVER = 'limits: {per_principal: 100/m, per_tool: {"*": 100/m}}'


@asynccontextmanager
async def used_rig(state: Path, store: str) -> AsyncIterator[tuple[Rig, list[str]]]:
    """A gateway that has met good, bad and revoked tokens, and those tokens."""
    async with running_rig(ADMIN.format(state=state, store=store), server=SERVER) as rig:
        good, revoked = rig.token(sub="grace"), rig.token(sub="eve", jti="j-1")
        bad = rig.token(aud="https://other.example")
        session = await begin(rig)
        for token in (good, revoked, bad):
            await rig.call(token=token, headers=header(session))
        async with ClientSession(headers=TOKEN) as client:
            url = f"http://127.0.0.1:{rig.admin_port}/revocations"
            assert (await client.post(url, json={"token_id": "j-1"})).status == 201
        assert (await rig.call(token=revoked)).status == 401
        yield rig, [good, revoked, bad]


def files_below(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


async def everything_in(redis: RedisServer) -> bytes:
    async with Redis.from_url(redis.url) as client:
        names = await client.keys("*")
        values = [await client.get(name) for name in names]
    return str([*names, *values]).encode()


def found(tokens: list[str], kept: bytes) -> list[str]:
    """Those whose signature stands there: no two tokens have the same."""
    assert b"j-1" in kept  # what is kept is seen
    return [each for each in tokens if each.rpartition(".")[2].encode() in kept]


@pytest.mark.requirement("20", "178")
async def test_no_token_is_in_any_file(tmp_path: Path) -> None:
    async with used_rig(tmp_path / "state", "sqlite:") as (_, tokens):
        during = files_below(tmp_path)

    assert found(tokens, during + files_below(tmp_path)) == []


@pytest.mark.requirement("20", "178")
async def test_no_token_is_in_redis(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis:
        async with used_rig(tmp_path / "state", redis.url) as (_, tokens):
            kept = await everything_in(redis)

    assert found(tokens, kept) == []
