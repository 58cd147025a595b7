import pytest

from gateway.config.issuer import Issuer
from gateway.identity.keys.discovery import MetadataLocation
from gateway.identity.keys.sources import IdentityServices, IssuerSources, build_sources
from gateway.identity.provider.fetch import Fetcher
from gateway.resilience.document import FetchFailed, HostUnreachable
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.support.issuer_service import IssuerService, Scene
from tests.support.token_signer import RSA_KID, TokenSigner


@pytest.fixture
def discovered(
    signer: TokenSigner, fetcher: Fetcher, flights: SingleFlight, clock: HandClock
) -> IssuerSources:
    around = IdentityServices(flights, clock.clocks)
    return build_sources("corp", Issuer(issuer=signer.issuer), fetcher, around)


async def test_metadata_is_found_from_the_issuer_alone(
    signer: TokenSigner, fetcher: Fetcher
) -> None:
    loaded = await MetadataLocation(fetcher, signer.issuer).load()

    assert loaded.value.issuer == signer.issuer
    assert loaded.value.jwks_uri == f"{signer.issuer}/jwks"


async def test_given_location_is_the_only_one_asked(signer: TokenSigner, fetcher: Fetcher) -> None:
    url = f"{signer.issuer}/.well-known/openid-configuration"

    await MetadataLocation(fetcher, signer.issuer, url).load()

    assert signer.fetched == ["/.well-known/openid-configuration"]


@pytest.mark.requirement("64", "85", "88")
@pytest.mark.parametrize("named", ["https://evil.example", "", None])
async def test_document_that_names_another_issuer_is_not_used(
    named: str | None, signer: TokenSigner, fetcher: Fetcher
) -> None:
    signer.metadata = {"issuer": named}

    with pytest.raises(FetchFailed):
        await MetadataLocation(fetcher, signer.issuer).load()


@pytest.mark.requirement("B14")
@pytest.mark.parametrize("jwks", [{}, {"jwks_uri": None}])
async def test_a_document_without_keys_does_not_hide_the_one_that_has_them(
    service: IssuerService, fetcher: Fetcher, jwks: dict[str, object]
) -> None:
    oauth = {"issuer": service.url, "a": 1, **jwks}
    oidc = {
        "issuer": service.url,
        "a": 2,
        "jwks_uri": f"{service.url}/jwks",
    }
    service.scenes |= {
        "/.well-known/oauth-authorization-server": Scene(oauth),
        "/.well-known/openid-configuration": Scene(oidc),
    }

    found = (await MetadataLocation(fetcher, service.url).load()).value

    assert found.jwks_uri == f"{service.url}/jwks"
    assert found.document["a"] == 1


@pytest.mark.requirement("B14", "88")
async def test_somebody_elses_document_fills_no_gap(
    service: IssuerService, fetcher: Fetcher
) -> None:
    other = {"issuer": service.url + "/", "jwks_uri": f"{service.url}/jwks"}
    service.scenes |= {
        "/.well-known/oauth-authorization-server": Scene({"issuer": service.url}),
        "/.well-known/openid-configuration": Scene(other),
    }

    assert (await MetadataLocation(fetcher, service.url).load()).value.jwks_uri is None


@pytest.mark.requirement("B11")
async def test_a_slash_too_many_is_shown(service: IssuerService, fetcher: Fetcher) -> None:
    document = Scene({"issuer": service.url + "/"})
    service.scenes["/.well-known/openid-configuration"] = document

    with pytest.raises(FetchFailed) as error:
        await MetadataLocation(fetcher, service.url).load()

    assert f'"{service.url}/", expected "{service.url}"' in str(error.value)


@pytest.mark.requirement("86")
async def test_every_standard_location_is_tried(signer: TokenSigner, fetcher: Fetcher) -> None:
    signer.status = 500

    with pytest.raises(FetchFailed):
        await MetadataLocation(fetcher, signer.issuer).load()

    assert "/.well-known/oauth-authorization-server" in signer.fetched
    assert "/.well-known/openid-configuration" in signer.fetched


async def test_unreachable_host_is_asked_once(fetcher: Fetcher, port: int) -> None:
    with pytest.raises(HostUnreachable):
        await MetadataLocation(fetcher, f"http://127.0.0.1:{port}").load()


async def test_keys_are_found_through_the_metadata(discovered: IssuerSources) -> None:
    await discovered.keys.refresh()

    assert (await discovered.keys.key_for(RSA_KID, "RS256")).kid == RSA_KID
    assert discovered.metadata is not None
    assert discovered.metadata.value is not None


async def test_metadata_that_is_known_is_not_fetched_for_the_keys(
    discovered: IssuerSources, signer: TokenSigner
) -> None:
    await discovered.keys.refresh()
    await discovered.keys.refresh()

    assert signer.fetched.count("/jwks") == 2
    assert len(signer.fetched) == 3


async def test_keys_without_metadata_are_not_ready(
    discovered: IssuerSources, signer: TokenSigner
) -> None:
    signer.metadata = {"issuer": "https://evil.example"}

    await discovered.keys.refresh()

    assert not discovered.keys.ready


async def test_keys_that_moved_are_found_again(
    discovered: IssuerSources, signer: TokenSigner, clock: HandClock
) -> None:
    signer.metadata = {"jwks_uri": f"{signer.issuer}/old"}
    await discovered.keys.refresh()
    assert not discovered.keys.ready

    signer.metadata = {}
    clock.advance(31)
    await discovered.keys.refresh()
    await discovered.keys.refresh()

    assert discovered.keys.ready
