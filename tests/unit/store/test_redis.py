import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redis.asyncio import Redis

from gateway.store.rates import Cell
from gateway.store.redis import RedisStore
from gateway.store.unavailable import StoreUnavailable
from tests.support.ports import listening_socket
from tests.support.redis_server import RedisServer, running_redis

LIMIT_S = 5.0
PASSWORD = "a password of the test"  # noqa: S105  # of a server that the test starts


@asynccontextmanager
async def connected(
    url: str, password: str | None = None, ca_file: Path | None = None
) -> AsyncIterator[RedisStore]:
    store = RedisStore.connect(url, password, ca_file)
    try:
        async with asyncio.timeout(LIMIT_S):
            yield store
    finally:
        await store.aclose()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def silent() -> Iterator[str]:
    """Where connections are taken and nothing is ever said."""
    with listening_socket() as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"


async def _fails(store: RedisStore) -> list[str]:
    """What each method says when it cannot do its work."""
    complaints: list[str] = []
    for call in (
        store.add("k", "a", b"secret", None),
        store.remove("k", "a"),
        store.entries("k"),
        store.version("k"),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            await call
        complaints.append(str(caught.value))
    return complaints


async def test_keys_are_below_a_prefix(redis_server: RedisServer) -> None:
    async with connected(redis_server.url) as store:
        await store.add("prefixed", "a", b"v", None)

        assert await store._client.get("mcpgw:prefixed:a") == b"v"


async def test_an_expiring_value_costs_redis_nothing_afterwards(redis_server: RedisServer) -> None:
    async with connected(redis_server.url) as store:
        await store.add("expiring", "a", b"v", 4e9 + 0.0001)

        assert await store._client.pexpiretime("mcpgw:expiring:a") == 4_000_000_000_001


async def test_more_entries_than_one_scan_gives(redis_server: RedisServer) -> None:
    async with connected(redis_server.url) as store:
        for number in range(1200):
            await store.add("many", str(number), b"", None)

        assert len(await store.entries("many")) == 1200


async def test_an_unreachable_server_is_unavailable(unused: str) -> None:
    async with connected(unused) as store:
        assert set(await _fails(store)) == {"Redis: ConnectionError"}


async def test_a_silent_server_is_given_up_after_a_second(silent: str) -> None:
    async with connected(silent) as store:
        with pytest.raises(StoreUnavailable, match="Redis: TimeoutError"):
            await store.version("k")


async def test_it_goes_on_when_the_server_is_back(own_server: RedisServer) -> None:
    async with connected(own_server.url) as store:
        await store.add("k", "a", b"v", None)
        own_server.stop()
        await _fails(store)

        own_server.start()

        assert await store.add("k", "b", b"v", None) is True


async def test_a_server_that_lost_everything_never_shows_an_old_version(
    own_server: RedisServer,
) -> None:
    async with connected(own_server.url) as store:
        await store.add("k", "a", b"v", None)
        version = await store.version("k")

    own_server.stop()
    own_server.start()
    async with connected(own_server.url) as replica:
        await replica.add("k", "b", b"v", None)

        assert await replica.version("k") != version


async def test_an_allowance_is_one_for_all_who_use_it(own_server: RedisServer) -> None:
    cell = Cell("ada", "calls", 5, 60.0)
    async with connected(own_server.url) as one, connected(own_server.url) as two:
        answers = await asyncio.gather(*(each.take_all([cell]) for each in [one, two] * 10))

        assert answers.count(None) == 5
        waits = [each[1] for each in answers if each is not None]
        assert all(0 < wait <= 12 for wait in waits)
        assert await two.take_all([Cell("bob", "calls", 5, 60.0)]) is None


async def test_an_allowance_comes_back_in_time_and_leaves_nothing_behind(
    own_server: RedisServer,
) -> None:
    cell = Cell("ada", "calls", 2, 0.4)
    async with connected(own_server.url) as store:
        first = [await store.take_all([cell]) for _ in range(3)]
        await asyncio.sleep(0.25)  # one of two has come back
        again = await store.take_all([cell])
        await asyncio.sleep(0.6)  # and then all, so that nothing needs to be known
        client = Redis.from_url(own_server.url)
        left = await client.keys("*")
        await client.aclose()

    assert [each is None for each in first] == [True, True, False]
    assert again is None
    assert left == []


async def test_of_several_allowances_all_are_used_or_none(own_server: RedisServer) -> None:
    wide, narrow = Cell("ada", "wide", 2, 60.0), Cell("ada", "narrow", 1, 60.0)
    async with connected(own_server.url) as store:
        assert await store.take_all([wide, narrow]) is None
        refused = await store.take_all([wide, narrow])
        assert refused is not None
        assert (refused[0], round(refused[1])) == (1, 60)
        assert await store.take_all([wide]) is None
        assert await store.take_all([Cell("ada", "other", 3, 60.0, 4)]) is not None
        assert await store.take_all([Cell("ada", "other", 3, 60.0, 3)]) is None


async def test_an_allowance_of_a_store_that_is_away_is_not_known(unused: str) -> None:
    async with connected(unused) as store:
        with pytest.raises(StoreUnavailable):
            await store.take_all([Cell("ada", "calls", 5, 60.0)])


async def test_a_password_is_needed_and_never_told(tmp_path: Path) -> None:
    with running_redis(tmp_path, "--requirepass", PASSWORD) as server:
        async with connected(server.url, PASSWORD) as store:
            assert await store.add("k", "a", b"v", None) is True
        async with connected(server.url, "wrong password") as store:
            assert set(await _fails(store)) == {"Redis: AuthenticationError"}
        async with connected(server.url) as store:
            assert "password" not in str(await _fails(store))


async def test_with_tls_only_a_server_of_the_known_authority_is_believed(tmp_path: Path) -> None:
    certificate, key = _write_certificate(tmp_path)
    options = ("--port", "0", "--tls-port", "{port}", "--tls-auth-clients", "no")
    files = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key))
    with running_redis(tmp_path, *options, *files, "--tls-ca-cert-file", str(certificate)) as it:
        url = it.url.replace("redis://", "rediss://")
        async with connected(url, ca_file=certificate) as store:
            assert await store.add("k", "a", b"v", None) is True
        async with connected(url) as store:
            assert set(await _fails(store)) == {"Redis: ConnectionError"}
        async with connected(url, ca_file=tmp_path / "missing.pem") as store:
            assert set(await _fails(store)) == {"Redis: ConnectionError"}


@pytest.fixture
def unused() -> Iterator[str]:
    """Where nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"redis://127.0.0.1:{holder.getsockname()[1]}"


def _write_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redis")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "redis.crt", folder / "redis.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.mark.requirement("A18")
async def test_entries_that_others_wrote_are_handed_out_as_they_are(
    own_server: RedisServer,
) -> None:
    async with connected(own_server.url) as store:
        await store.add("k", "good", b"v", None)
        await store._client.set(b"mcpgw:k:\xff", b"x")
        await store._client.set("mcpgw:k:no text", b"\xfe")
        await store._client.lpush("mcpgw:k:a list", "x")

        assert await store.entries("k") == {
            "good": b"v",
            "\\xff": b"x",
            "no text": b"\xfe",
            "a list": b"",
        }


@pytest.mark.requirement("A18")
@pytest.mark.parametrize("version", [b"\xff", None])
async def test_a_strange_version_is_another_one(
    own_server: RedisServer, version: bytes | None
) -> None:
    async with connected(own_server.url) as store:
        if version is None:
            await store._client.lpush("mcpgw-version:k", "x")
        else:
            await store._client.set("mcpgw-version:k", version)
        before = await store.version("k")

        await store.add("k", "a", b"v", None)

        assert await store.version("k") not in {before, ""}


@pytest.mark.requirement("A18")
@pytest.mark.parametrize(
    ("held", "is_refused"),
    [(b"x", False), (b"\xff", False), (b"1e300", True), (b"inf", True), (b"nan", True)],
)
async def test_an_allowance_that_nobody_can_read_is_replaced(
    own_server: RedisServer, held: bytes, *, is_refused: bool
) -> None:
    cell = Cell("ada", "calls", 5, 0.1)
    async with connected(own_server.url) as store:
        await store._client.set("mcpgw-rate:{ada}:calls", held)

        first = await store.take_all([cell])

        assert (first is not None) is is_refused
        while await store.take_all([cell]) is not None:  # noqa: ASYNC110  # nothing tells when
            await asyncio.sleep(0.01)


@pytest.mark.requirement("A18")
async def test_an_allowance_of_another_kind_is_replaced(own_server: RedisServer) -> None:
    async with connected(own_server.url) as store:
        await store._client.lpush("mcpgw-rate:{ada}:calls", "x")

        assert await store.take_all([Cell("ada", "calls", 5, 60.0)]) is None
        assert await store._client.type("mcpgw-rate:{ada}:calls") == b"string"
