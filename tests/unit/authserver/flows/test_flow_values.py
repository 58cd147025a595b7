import asyncio

import pytest

from gateway.authserver.flows.flow import Flow
from gateway.authserver.flows.flow_values import (
    LIFETIME_S,
    close_flow,
    finish_flow,
    new_flow_id,
    open_flow,
)
from gateway.authserver.sealed_values import SealedValues
from gateway.errors import AccessDenied
from gateway.sealing.seal import Seal
from gateway.store.memory import MemoryStore
from gateway.store.unavailable import StoreUnavailable
from tests.support.authorization_server import NOW
from tests.support.grants import DESK, UnreachableStore
from tests.support.hand_clock import HandClock

BROWSER, OTHER_BROWSER = "b" * 22, "o" * 22
VALUES = SealedValues(Seal(bytes(32)), "https://mcp.example")
FLOW = Flow(
    "flow-1",
    DESK,
    DESK.redirect_uris[0],
    "https://mcp.example/mcp",
    "mcp",
    frozenset({"mcp:read"}),
    "challenge",
    BROWSER,
    "state",
)


@pytest.mark.requirement("143")
def test_flow_ids_are_of_128_bits_and_no_two_are_alike() -> None:
    ids = {new_flow_id() for _ in range(50)}

    assert len(ids) == 50
    assert {len(each) for each in ids} == {22}


def test_flow_opens_in_its_browser_as_it_was() -> None:
    sealed = close_flow(VALUES, FLOW, "asked", NOW)

    assert open_flow(VALUES, sealed, "asked", BROWSER, NOW + LIFETIME_S - 0.1) == FLOW


@pytest.mark.requirement("F2", "F16")
@pytest.mark.parametrize(
    ("browser", "seconds", "reason"),
    [
        ("", 0.0, "other_browser"),
        (OTHER_BROWSER, 0.0, "flow_over"),
        (BROWSER, LIFETIME_S, "flow_over"),
    ],
)
def test_flow_opens_in_no_other_browser_and_not_later(
    browser: str, seconds: float, reason: str
) -> None:
    sealed = close_flow(VALUES, FLOW, "asked", NOW)

    with pytest.raises(AccessDenied) as refused:
        open_flow(VALUES, sealed, "asked", browser, NOW + seconds)

    assert refused.value.reason == reason


@pytest.mark.requirement("F1", "F3")
def test_flow_that_nobody_consented_to_never_passes_for_one_that_somebody_did() -> None:
    asked = close_flow(VALUES, FLOW, "asked", NOW)
    consented = close_flow(VALUES, FLOW, "consented", NOW)

    with pytest.raises(AccessDenied):
        open_flow(VALUES, asked, "consented", BROWSER, NOW)
    with pytest.raises(AccessDenied):
        open_flow(VALUES, consented, "asked", BROWSER, NOW)


@pytest.mark.requirement("F3", "F6", "F19")
async def test_of_fifty_who_finish_a_flow_one_does() -> None:
    store = MemoryStore(lambda: NOW)

    told = await asyncio.gather(
        *(finish_flow(store, FLOW, NOW) for _ in range(50)), return_exceptions=True
    )

    refused = [each for each in told if isinstance(each, AccessDenied)]
    assert len(refused) == 49
    assert {each.reason for each in refused} == {"flow_used"}


@pytest.mark.requirement("F3")
async def test_mark_of_a_finished_flow_outlives_every_seal_of_it() -> None:
    """The last moment to consent anew is at the end of one life; the login may take another."""
    clock = HandClock(NOW)
    store = MemoryStore(lambda: clock.wall)
    await finish_flow(store, FLOW, clock.wall)
    clock.advance(2 * LIFETIME_S - 0.1)

    with pytest.raises(AccessDenied):
        await finish_flow(store, FLOW, clock.wall)


@pytest.mark.requirement("F19")
async def test_flow_is_not_finished_while_the_store_is_away() -> None:
    store = UnreachableStore(lambda: NOW)
    store.is_away = True
    with pytest.raises(StoreUnavailable):
        await finish_flow(store, FLOW, NOW)
    store.is_away = False

    await finish_flow(store, FLOW, NOW)

    with pytest.raises(AccessDenied):
        await finish_flow(store, FLOW, NOW)
