"""What a URL that a stranger names as `client_id` can make the gateway do: F12, F13."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.oauth.errors import InvalidClient
from tests.support.dialled import dialled
from tests.support.document_host import NAME, PATH, DocumentHost, running_document_host
from tests.support.issuer_service import IssuerService
from tests.support.special_addresses import PUBLIC_ADDRESSES, SPECIAL_ADDRESSES

NOW = 1_800_000_000.0
BAD_URLS = (
    f"http://{NAME}/client.json",
    f"HTTPS://{NAME}/client.json",
    f"https://{NAME}",
    f"https://{NAME}?client.json",
    f"https://{NAME}/client.json#",
    f"https://{NAME}/client.json#a",
    f"https://ada@{NAME}/client.json",
    f"https://ada:secret@{NAME}/client.json",
    f"https://{NAME}@127.0.0.1/client.json",
    f"https://{NAME}/a/../client.json",
    f"https://{NAME}/./client.json",
    f"https://{NAME}/a/%2e%2E/client.json",
    f"https://{NAME}/a%2f..%2fclient.json",
    f"https://{NAME}/a\\..\\client.json",
    f"https://{NAME}\\@127.0.0.1/client.json",
    f"https://{NAME}//client.json",
    f"https://{NAME}:0/client.json",
    f"https://{NAME}:65536/client.json",
    f"https://{NAME} /client.json",
    f"https://{NAME}/client.json\n",
    f"https://{NAME}/cl\tient.json",
    f"https://{NAME}/client.json?a=\x00",
    f"https://{NAME}/\u00fc.json",
    "https:///client.json",
    "https:/client.json",
    "https:client.json",
    "https://[::1/client.json",
    "https://\uff11\uff12\uff17.0.0.1/client.json",
    "https://127\u30020\u30020\u30021/client.json",
    f"https://{NAME}/{'a' * 2000}",
)
LOOPBACK_SPELLINGS = (
    "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "017700000001",
    "127.0.0.1.", "0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "LOCALHOST.",
)  # fmt: skip


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DocumentHost]:
    """Where nothing but public addresses may be asked."""
    async with running_document_host(tmp_path, allowed=()) as host:
        yield host


@pytest.fixture
async def near(tmp_path: Path) -> AsyncIterator[DocumentHost]:
    """Where loopback may be asked, too."""
    async with running_document_host(tmp_path) as host:
        yield host


async def _refused(host: DocumentHost, client_id: str) -> InvalidClient:
    """The refusal of a client, for which nothing was dialled and nothing was asked."""
    with dialled() as addresses, pytest.raises(InvalidClient) as caught:
        await host.clients.find_client(client_id, NOW)
    assert addresses == []
    assert not host.service.asked
    return caught.value


async def _reason(host: DocumentHost, client_id: str) -> str:
    with pytest.raises(InvalidClient) as caught:
        await host.clients.find_client(client_id, NOW)
    return caught.value.reason


@pytest.mark.requirement("67", "147", "F12")
@pytest.mark.parametrize("url", BAD_URLS)
async def test_a_url_that_is_no_plain_one_is_not_even_resolved(
    host: DocumentHost, url: str
) -> None:
    refusal = await _refused(host, url)

    assert refusal.reason == "client_id_url"
    assert host.names.asked == []


@pytest.mark.requirement("67", "149", "F12")
@pytest.mark.parametrize("address", SPECIAL_ADDRESSES)
async def test_a_name_of_a_special_use_address_is_not_dialled(
    host: DocumentHost, address: str
) -> None:
    host.names.answers[NAME] = [[address]]

    refusal = await _refused(host, f"https://{NAME}{PATH}")

    assert refusal.reason == "client_document_address"
    assert address not in refusal.description


@pytest.mark.requirement("67", "149", "F12")
@pytest.mark.parametrize("address", [each for each in SPECIAL_ADDRESSES if "%" not in each])
async def test_a_special_use_address_in_the_url_is_not_dialled(
    host: DocumentHost, address: str
) -> None:
    written = f"[{address}]" if ":" in address else address

    await _refused(host, f"https://{written}{PATH}")


@pytest.mark.requirement("F12")
@pytest.mark.parametrize("spelling", LOOPBACK_SPELLINGS)
async def test_no_spelling_of_loopback_is_dialled(host: DocumentHost, spelling: str) -> None:
    host.names.answers = {each: [["127.0.0.1"]] for each in (spelling, spelling.lower())}

    await _refused(host, f"https://{spelling}:{host.service.port}{PATH}")


@pytest.mark.requirement("F12")
@pytest.mark.parametrize("others", [PUBLIC_ADDRESSES[:1], PUBLIC_ADDRESSES])
async def test_one_special_use_address_among_public_ones_is_enough(
    host: DocumentHost, others: tuple[str, ...]
) -> None:
    host.names.answers[NAME] = [[*others, "10.0.0.1"]]

    refusal = await _refused(host, f"https://{NAME}{PATH}")

    assert refusal.reason == "client_document_address"


@pytest.mark.requirement("F12")
@pytest.mark.parametrize("port", [22, 25, 6379, 8443])
async def test_no_other_port_of_a_public_host_is_dialled(host: DocumentHost, port: int) -> None:
    host.names.answers[NAME] = [[PUBLIC_ADDRESSES[0]]]

    refusal = await _refused(host, f"https://{NAME}:{port}{PATH}")

    assert refusal.reason == "client_document_address"


@pytest.mark.requirement("F12")
async def test_a_name_that_changes_its_address_is_dialled_where_it_was_checked(
    near: DocumentHost,
) -> None:
    near.names.answers[NAME] = [["127.0.0.1"], ["10.0.0.1"]]

    with dialled() as addresses:
        client = await near.clients.find_client(near.client_id, NOW)

    assert client is not None
    assert (near.names.asked, addresses) == ([NAME], ["127.0.0.1"])


@pytest.mark.requirement("148", "F12")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_leads_nowhere(near: DocumentHost, status: int) -> None:
    async with IssuerService() as guarded:
        near.serve(b"", status, Location=f"{guarded.url}/secret")

        with pytest.raises(InvalidClient, match=str(status)):
            await near.clients.find_client(near.client_id, NOW)

        assert not guarded.asked
    assert near.service.count(PATH) == 1


@pytest.mark.requirement("F12")
async def test_a_proxy_of_the_environment_is_not_used(
    near: DocumentHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with IssuerService() as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)

        assert await near.clients.find_client(near.client_id, NOW) is not None

        assert not proxy.asked


@pytest.mark.requirement("148", "F12")
async def test_a_document_over_the_cap_is_refused(near: DocumentHost) -> None:
    near.serve(near.document(padding="x" * 5 * 1024))

    with pytest.raises(InvalidClient) as caught:
        await near.clients.find_client(near.client_id, NOW)

    assert caught.value.reason == "client_document_invalid"


@pytest.mark.requirement("F12")
async def test_a_host_that_never_ends_its_answer_is_given_up(tmp_path: Path) -> None:
    async with running_document_host(tmp_path, timeout_s=0.2) as host:
        host.service.gate.clear()

        with pytest.raises(InvalidClient) as caught:
            await host.clients.find_client(host.client_id, NOW)

    assert caught.value.reason == "client_document_unavailable"


@pytest.mark.requirement("F12")
async def test_a_host_whose_certificate_is_another_is_not_believed(near: DocumentHost) -> None:
    near.names.answers["other.example"] = [["127.0.0.1"]]

    with pytest.raises(InvalidClient):
        await near.clients.find_client(f"https://other.example:{near.service.port}{PATH}", NOW)

    assert not near.service.asked


@pytest.mark.requirement("F12")
async def test_one_host_is_not_flooded_by_whoever_names_its_urls(near: DocumentHost) -> None:
    near.serve(b"", 404)
    refusals = []
    for number in range(50):
        with pytest.raises(InvalidClient) as caught:
            await near.clients.find_client(f"{near.client_id}?{number}", NOW)
        refusals.append(caught.value.reason)

    assert near.service.count(PATH) == 30
    assert refusals[30:] == ["client_document_busy"] * 20


@pytest.mark.requirement("F12")
async def test_a_slow_host_does_not_take_the_places_of_others(near: DocumentHost) -> None:
    near.names.answers["other.example"] = [["127.0.0.1"]]
    near.service.gate.clear()
    async with asyncio.TaskGroup() as group:
        slow = [
            group.create_task(_reason(near, f"{near.client_id}?{number}")) for number in range(16)
        ]
        other = group.create_task(_reason(near, f"https://other.example:{near.service.port}{PATH}"))
        busy = await asyncio.gather(*slow[4:])
        near.service.gate.set()

    assert busy == ["client_document_busy"] * 12
    assert [each.result() for each in slow[:4]] == ["client_document_invalid"] * 4
    assert other.result() == "client_document_unavailable"  # its certificate is another


@pytest.mark.requirement("F13")
async def test_a_document_that_changes_names_other_redirect_uris_at_the_next_login(
    near: DocumentHost,
) -> None:
    before = await near.clients.find_client(near.client_id, NOW)
    near.serve(near.document(redirect_uris=["https://evil.example/callback"]))

    after = await near.clients.find_client(near.client_id, NOW + 86400)

    assert before is not None
    assert after is not None
    assert before.redirect_uris == ("http://127.0.0.1/callback",)
    assert after.redirect_uris == ("https://evil.example/callback",)
