"""Groups from the provider's directory."""

import asyncio
from dataclasses import replace

import pytest

from gateway.config.issuer import ClientCredentials, GroupLookup
from gateway.errors import IdentityUnavailable
from gateway.identity.principal import Principal
from gateway.identity.verifiers import group_lookup
from gateway.identity.verifiers.group_lookup import UNKNOWN_FOR_S, GroupLookups
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.support.issuer_service import IssuerService, Scene
from tests.unit.identity.conftest import Asking

TOKEN_URL = "https://idp.example/token"  # noqa: S105  # an address
CREDENTIALS = ClientCredentials(client_id="gateway", token_url=TOKEN_URL)
PATH = "/users/ada%2F1/groups"


def caller(subject: str = "ada", **claims: object) -> Principal:
    known = {"oid": "ada/1"} | claims
    return Principal("https://idp.example", subject, groups=None, claims=known)


async def own_token(principal: Principal) -> str:
    return f"for-{principal.issuer}"


@pytest.fixture
def settings(service: IssuerService) -> GroupLookup:
    service.scenes[PATH] = Scene({"value": [{"id": "a"}, {"id": "b"}, {"id": "a"}]})
    return GroupLookup(
        url=f"{service.url}/users/{{oid}}/groups", each="{id}", credentials=CREDENTIALS
    )


@pytest.fixture
def lookups(
    settings: GroupLookup, asking: Asking, flights: SingleFlight, clock: HandClock
) -> GroupLookups:
    return GroupLookups(settings, asking.provider, own_token, flights, clock.clocks)


async def test_the_directory_is_asked_as_the_gateway(
    lookups: GroupLookups, service: IssuerService
) -> None:
    found = await lookups.complete(caller())

    assert found == replace(caller(), groups=("a", "b"))
    assert [(each.method, each.path, each.json) for each in service.asked] == [("GET", PATH, None)]
    assert service.asked[0].headers["Authorization"] == "Bearer for-https://idp.example"


async def test_a_body_makes_it_a_post(
    settings: GroupLookup,
    asking: Asking,
    flights: SingleFlight,
    clock: HandClock,
    service: IssuerService,
) -> None:
    posting = settings.model_copy(update={"body": {"all": True}})
    lookups = GroupLookups(posting, asking.provider, own_token, flights, clock.clocks)

    await lookups.complete(caller())

    assert [(each.method, each.json) for each in service.asked] == [("POST", {"all": True})]


@pytest.mark.requirement("C7")
async def test_an_answer_counts_for_a_while_and_a_verdict_no_longer(
    lookups: GroupLookups, service: IssuerService, clock: HandClock
) -> None:
    first = await lookups.complete(caller())
    clock.advance(299)
    second = await lookups.complete(caller())
    service.scenes[PATH] = Scene({"value": []})
    clock.advance(1)
    third = await lookups.complete(caller())

    assert (first.remember_s, second.remember_s) == (300.0, 1.0)
    assert second.groups == ("a", "b")
    assert third.groups == ()
    assert service.count(PATH) == 2


async def test_callers_of_one_moment_share_one_question(
    lookups: GroupLookups, service: IssuerService
) -> None:
    found = await asyncio.gather(*(lookups.complete(caller()) for _ in range(5)))

    assert {each.groups for each in found} == {("a", "b")}
    assert service.count(PATH) == 1


@pytest.mark.requirement("186")
async def test_callers_of_other_issuers_are_other_callers(
    lookups: GroupLookups, service: IssuerService
) -> None:
    await lookups.complete(caller())
    await lookups.complete(replace(caller(), issuer="https://other.example"))
    await lookups.complete(caller("eve"))

    assert service.count(PATH) == 3


async def test_what_is_remembered_is_bounded_and_the_oldest_goes_first(
    settings: GroupLookup,
    asking: Asking,
    flights: SingleFlight,
    clock: HandClock,
    service: IssuerService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group_lookup, "MAX_REMEMBERED", 2)
    lookups = GroupLookups(settings, asking.provider, own_token, flights, clock.clocks)
    for subject in ("a", "b", "c", "c", "b", "a"):
        await lookups.complete(caller(subject))

    assert service.count(PATH) == 4


@pytest.mark.requirement("C7")
@pytest.mark.parametrize(
    "scene",
    [
        Scene(status=500),
        Scene(status=429),
        Scene(status=404),
        Scene(status=403),
        Scene(status=401),
        Scene({}),
        Scene({"value": None}),
        Scene([]),
        Scene(b"not JSON"),
    ],
)
async def test_without_an_answer_groups_stay_unknown_for_a_moment(
    scene: Scene, lookups: GroupLookups, service: IssuerService
) -> None:
    service.scenes[PATH] = scene

    found = await lookups.complete(caller())

    assert found.groups is None
    assert found.remember_s == UNKNOWN_FOR_S


@pytest.mark.requirement("A14")
async def test_somebody_whom_the_directory_does_not_know_is_nobody_elses_outage(
    lookups: GroupLookups, service: IssuerService, asking: Asking
) -> None:
    found = [await lookups.complete(caller(f"gone-{n}", oid=f"gone-{n}")) for n in range(6)]

    assert {each.groups for each in found} == {None}
    assert (await lookups.complete(caller())).groups == ("a", "b")
    assert not asking.provider.breaker.is_open


async def test_a_directory_that_refuses_the_gateway_itself_is_left_alone(
    lookups: GroupLookups, service: IssuerService, asking: Asking
) -> None:
    nobody = "/users/00000000-0000-0000-0000-000000000000/groups"
    service.scenes |= {PATH: Scene(status=403), nobody: Scene(status=403)}
    for number in range(3):
        await lookups.complete(caller(f"ada-{number}"))

    assert asking.provider.breaker.is_open


async def test_a_failure_is_not_remembered(lookups: GroupLookups, service: IssuerService) -> None:
    good = service.scenes[PATH]
    service.scenes[PATH] = Scene(status=403)
    await lookups.complete(caller())
    service.scenes[PATH] = good

    assert (await lookups.complete(caller())).groups == ("a", "b")


async def test_a_directory_that_is_away_leaves_groups_unknown(
    asking: Asking, flights: SingleFlight, clock: HandClock, port: int
) -> None:
    away = GroupLookup(url=f"http://127.0.0.1:{port}/{{oid}}", credentials=CREDENTIALS)
    lookups = GroupLookups(away, asking.provider, own_token, flights, clock.clocks)

    assert (await lookups.complete(caller())).groups is None


async def test_without_a_token_of_its_own_the_gateway_asks_nobody(
    settings: GroupLookup,
    asking: Asking,
    flights: SingleFlight,
    clock: HandClock,
    service: IssuerService,
) -> None:
    async def no_token(principal: Principal) -> str:
        raise IdentityUnavailable("No token.")

    lookups = GroupLookups(settings, asking.provider, no_token, flights, clock.clocks)

    assert (await lookups.complete(caller())).groups is None
    assert service.asked == []


@pytest.mark.parametrize("oid", [None, "", "..", ["a"], True])
async def test_a_token_without_the_claim_of_the_url_leads_nowhere(
    oid: object, lookups: GroupLookups, service: IssuerService
) -> None:
    found = await lookups.complete(caller(oid=oid))

    assert found.groups is None
    assert service.asked == []
