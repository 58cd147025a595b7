import asyncio
import json
import logging
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.config.issuer import Issuer, Jwks
from gateway.errors import IdentityUnavailable, InvalidToken
from gateway.identity.keys.jwks import KeyFeed, KeyFile, KeySource
from gateway.identity.keys.sources import IssuerSources
from gateway.resilience.document import FetchedDocument, FetchFailed
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.support.token_signer import (
    EC_KID,
    RSA_KID,
    TokenSigner,
    ec_jwk,
    ec_key,
    rsa_jwk,
    rsa_key,
)


@pytest.fixture
def keys(sources: IssuerSources) -> KeySource:
    return sources.keys


async def _outcome(keys: KeySource, kid: str, algorithm: str = "RS256") -> str:
    try:
        await keys.key_for(kid, algorithm)
    except (InvalidToken, IdentityUnavailable) as error:
        return error.reason
    return "found"


async def test_fetched_key_is_found_without_another_fetch(
    keys: KeySource, signer: TokenSigner
) -> None:
    assert keys.ready
    assert keys.last_success_at is not None
    assert await _outcome(keys, RSA_KID) == "found"
    assert signer.fetched == ["/jwks"]


@pytest.mark.requirement("105", "107", "J3")
async def test_key_is_not_used_with_another_algorithm(keys: KeySource) -> None:
    assert await _outcome(keys, RSA_KID, "PS256") == "bad_algorithm"
    assert await _outcome(keys, EC_KID, "RS256") == "bad_algorithm"


@pytest.mark.requirement("N6", "J19")
async def test_flood_of_unknown_kids_causes_one_fetch_per_cooldown(
    keys: KeySource, signer: TokenSigner, clock: HandClock
) -> None:
    for _ in range(2):
        kids = [f"random-{n}" for n in range(500)]
        outcomes = await asyncio.gather(*(_outcome(keys, kid) for kid in kids))
        assert set(outcomes) == {"unknown_key"}
        clock.advance(29)
    assert len(signer.fetched) == 1 + 1

    clock.advance(2)
    await _outcome(keys, "random")

    assert len(signer.fetched) == 1 + 2


@pytest.mark.requirement("J20", "J22")
async def test_flood_while_the_endpoint_fails_loses_no_key(
    keys: KeySource, signer: TokenSigner, clock: HandClock
) -> None:
    signer.status = 500
    for _ in range(10):
        assert await _outcome(keys, "random") == "unknown_key"
        clock.advance(31)

    assert await _outcome(keys, RSA_KID) == "found"


@pytest.mark.requirement("J21")
async def test_new_key_is_found_at_once_when_its_first_token_comes(
    keys: KeySource, signer: TokenSigner
) -> None:
    signer.keys.append(rsa_jwk(rsa_key("new"), "new"))

    outcomes = await asyncio.gather(*(_outcome(keys, "new") for _ in range(100)))

    assert set(outcomes) == {"found"}
    assert len(signer.fetched) == 2


@pytest.mark.requirement("J21", "J23")
async def test_removed_key_is_refused_and_announced(
    issuer: Issuer, signer: TokenSigner, flights: SingleFlight, clock: HandClock
) -> None:
    removed: list[frozenset[str]] = []

    async def get() -> FetchedDocument:
        return FetchedDocument({"keys": list(signer.keys)})

    feed = KeyFeed("corp", get, issuer.algorithms, on_removed=removed.append)
    keys = KeySource(feed, Jwks(), flights, clock.clocks)
    await keys.refresh()
    gone = (await keys.key_for(RSA_KID, "RS256")).thumbprint
    assert removed == []

    signer.keys = [ec_jwk(ec_key(), EC_KID)]
    await keys.refresh()

    assert removed == [frozenset({gone})]
    assert not keys.trusts(gone)
    assert await _outcome(keys, RSA_KID) == "unknown_key"


@pytest.mark.requirement("J22")
async def test_stale_keys_are_trusted_up_to_the_bound_only(
    keys: KeySource, signer: TokenSigner, clock: HandClock
) -> None:
    signer.status = 500
    clock.advance(86400)
    assert await _outcome(keys, RSA_KID) == "found"

    clock.advance(1)

    assert not keys.ready
    assert await _outcome(keys, RSA_KID) == "idp_unavailable"


@pytest.mark.requirement("J22")
async def test_too_old_keys_are_fetched_again_when_a_token_comes(
    keys: KeySource, clock: HandClock
) -> None:
    clock.advance(90000)

    assert await _outcome(keys, RSA_KID) == "found"
    assert keys.ready


@pytest.mark.requirement("J22")
async def test_nobody_gets_in_before_the_first_fetch(
    issuer: Issuer, flights: SingleFlight, clock: HandClock
) -> None:
    async def fail() -> FetchedDocument:
        raise FetchFailed("down")

    keys = KeySource(KeyFeed("corp", fail, issuer.algorithms), Jwks(), flights, clock.clocks)

    assert not keys.ready
    assert await _outcome(keys, RSA_KID) == "idp_unavailable"


@pytest.mark.requirement("J18")
@pytest.mark.parametrize("served", [[], [{"kty": "oct", "k": "AAAA", "kid": RSA_KID}], [{}] * 200])
async def test_unusable_set_does_not_replace_a_good_one(
    served: list[dict[str, object]], keys: KeySource, signer: TokenSigner
) -> None:
    signer.keys = served

    await keys.refresh()

    assert await _outcome(keys, RSA_KID) == "found"


async def test_wall_clock_that_jumps_changes_no_age(keys: KeySource, clock: HandClock) -> None:
    clock.wall += 10**9

    assert keys.age_s == 0
    assert keys.ready


async def test_keys_left_out_are_logged_once(
    keys: KeySource, signer: TokenSigner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # refused
    signer.keys.append(rsa_jwk(weak, "weak"))

    for _ in range(3):
        await keys.refresh()

    assert [record.message for record in caplog.records] == ["issuer keys left out"]


@pytest.mark.requirement("U7")
async def test_keys_for_something_else_are_information_and_that_once(
    keys: KeySource, signer: TokenSigner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    other = rsa_jwk(rsa_key("other"), "enc") | {"use": "enc"}

    for position in (0, 1, 0):
        signer.keys = [each for each in signer.keys if each.get("use") != "enc"]
        signer.keys.insert(position, other)
        await keys.refresh()

    told = [each for each in caplog.records if each.message == "issuer keys left out"]
    assert [each.levelno for each in told] == [logging.INFO]


def _write(path: Path, *jwks: dict[str, object]) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps({"keys": list(jwks)}))
    temporary.replace(path)


async def test_key_file_is_read_again_when_it_changes(
    tmp_path: Path, flights: SingleFlight, clock: HandClock
) -> None:
    path = tmp_path / "jwks.json"
    _write(path, rsa_jwk(rsa_key(), "old"))
    feed = KeyFeed("corp", KeyFile(path).get_document, ("RS256",))
    keys = KeySource(feed, Jwks(), flights, clock.clocks)
    await keys.refresh()

    _write(path, rsa_jwk(rsa_key(), "new"))
    await keys.refresh()

    assert await _outcome(keys, "new") == "found"
    assert await _outcome(keys, "old") == "unknown_key"


async def test_unchanged_key_file_is_not_parsed_again(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    _write(path, rsa_jwk(rsa_key(), "old"))
    file = KeyFile(path)

    assert await file.get_document() is await file.get_document()


@pytest.mark.parametrize("content", [None, b"{", b"[]", b" " * (1024 * 1024 + 1)])
async def test_key_file_that_cannot_be_read_fails(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "jwks.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(FetchFailed):
        await KeyFile(path).get_document()
