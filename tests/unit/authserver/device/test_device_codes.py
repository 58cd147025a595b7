import pytest

from gateway.authserver.clients.client import Client
from gateway.authserver.device.device_codes import Asked, DeviceCodes
from gateway.authserver.sealed_values import SealedValues
from gateway.oauth.errors import AuthorizationPending, DeviceDenied, InvalidGrant
from gateway.sealing.seal import Seal
from gateway.store.memory import MemoryStore
from tests.support.hand_clock import HandClock

NOW = 1_800_000_000.0
ASKED = Asked(
    Client("device", "registered", name="TV"), "https://mcp.example/mcp", "mcp", frozenset({"a"})
)


def device_codes(store: MemoryStore) -> DeviceCodes:
    sealed = SealedValues(Seal(bytes(range(32))), "https://mcp.example")
    return DeviceCodes(sealed, store, HandClock(NOW).clocks)


async def test_store_holds_neither_code_nor_what_was_asked() -> None:
    store = MemoryStore(lambda: NOW)

    device_code, user_code = await device_codes(store).issue(ASKED, NOW)

    kept = repr(await store.entries("waiting-device"))
    assert not any(each in kept for each in (device_code, user_code, "TV", "mcp.example"))


async def test_any_replica_answers_the_device() -> None:
    store = MemoryStore(lambda: NOW)
    here, there = device_codes(store), device_codes(store)
    device_code, user_code = await here.issue(ASKED, NOW)
    found = await there.find(user_code, NOW)
    assert found is not None
    assert (found.client.client_id, found.scopes) == ("device", frozenset({"a"}))
    with pytest.raises(AuthorizationPending):
        await here.poll(device_code, "device", NOW)

    assert await there.decide(found.device_id, "the-code", NOW)
    assert not await here.decide(found.device_id, "", NOW)

    assert (await here.poll(device_code, "device", NOW))[0] == "the-code"
    assert await here.find(user_code, NOW) is None


async def test_denial_is_told() -> None:
    codes = device_codes(MemoryStore(lambda: NOW))
    device_code, user_code = await codes.issue(ASKED, NOW)
    found = await codes.find(user_code, NOW)
    assert found is not None
    await codes.decide(found.device_id, "", NOW)

    with pytest.raises(DeviceDenied):
        await codes.poll(device_code, "device", NOW)


@pytest.mark.parametrize("client_id", ["another", ""])
async def test_device_code_is_one_clients(client_id: str) -> None:
    codes = device_codes(MemoryStore(lambda: NOW))
    device_code, _ = await codes.issue(ASKED, NOW)

    with pytest.raises(InvalidGrant):
        await codes.poll(device_code, client_id, NOW)
