"""Project Wycheproof's signatures and keys: not one forgery is accepted."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from gateway.config.issuer import Issuer, Jwks
from gateway.config.section import AsymmetricAlgorithm
from gateway.errors import GatewayError
from gateway.identity.keys.jwks import KeyFeed, KeySource
from gateway.identity.keys.signature import check_signature
from gateway.identity.token.access_token import Expectations
from gateway.identity.token.compact import CompactToken
from gateway.identity.verifiers.jwt import JwtVerifier
from gateway.oauth.base64url import decode_base64url
from gateway.resilience.clocks import Clocks
from gateway.resilience.document import FetchedDocument
from gateway.resilience.single_flight import SingleFlight
from gateway.strict_json import parse_json_object

FOLDER = Path(__file__).parents[1] / "vectors" / "wycheproof"
ALGORITHMS: tuple[AsymmetricAlgorithm, ...] = get_args(AsymmetricAlgorithm)
# What every JWT library may differ in is laxly set here: only keys and signatures are tried.
EXPECTED = Expectations(frozenset(), frozenset(ALGORITHMS), frozenset({"", "jwt", "jose"}))


@dataclass(frozen=True, slots=True)
class Vector:
    """One signature and the keys that its verifier has."""

    name: str
    jws: str
    keys: tuple[dict[str, object], ...]
    valid: bool


def _vectors(file: str) -> Iterator[Vector]:
    content = json.loads((FOLDER / file).read_text(encoding="utf-8"))
    for group in content["testGroups"]:
        jwk = group.get("public") or group["private"]
        for test in group["tests"]:
            if isinstance(test.get("jws"), str):
                keys = tuple(jwk.get("keys", [jwk]))
                name = f"{file[:12]}{test['tcId']} {test['comment']}"
                yield Vector(name, test["jws"], keys, test["result"] == "valid")


def _read(jws: str) -> CompactToken:
    """Take a JWS apart as the verifier does, except that its payload need be no claims."""
    header, payload, signature = jws.encode("ascii").split(b".")
    head = parse_json_object(decode_base64url(header))
    decode_base64url(payload)
    return CompactToken(head, {}, header + b"." + payload, decode_base64url(signature))


def _source(vector: Vector, flights: SingleFlight) -> KeySource:
    async def document() -> FetchedDocument:
        return FetchedDocument({"keys": list(vector.keys)})

    return KeySource(KeyFeed("wycheproof", document, ALGORITHMS), Jwks(), flights, Clocks())


async def _is_accepted(vector: Vector, flights: SingleFlight) -> bool:
    try:
        token = _read(vector.jws)
        await check_signature(token, EXPECTED, _source(vector, flights))
    except (GatewayError, ValueError):
        return False
    return True


@pytest.mark.requirement("J1", "J2", "J3", "J4", "J11", "J17", "104", "107")
@pytest.mark.parametrize("file", ["signature", "key", "crypto"])
async def test_no_forgery_is_accepted(file: str) -> None:
    vectors = list(_vectors(f"json_web_{file}_test.json"))
    async with asyncio.TaskGroup() as group:
        flights = SingleFlight(group)
        accepted = [each for each in vectors if await _is_accepted(each, flights)]

    assert [each.name for each in accepted if not each.valid] == []


async def test_the_check_is_not_empty_good_signatures_pass() -> None:
    vectors = [each for each in _vectors("json_web_signature_test.json") if each.valid]
    async with asyncio.TaskGroup() as group:
        flights = SingleFlight(group)
        accepted = [each for each in vectors if await _is_accepted(each, flights)]

    assert len(accepted) >= 20


@pytest.mark.requirement("J10", "109")
async def test_none_of_them_is_an_access_token() -> None:
    issuer = Issuer(issuer="https://issuer.example", algorithms=ALGORITHMS)
    files = ("json_web_signature_test.json", "json_web_key_test.json")
    accepted: list[str] = []
    async with asyncio.TaskGroup() as group:
        for vector in (each for file in files for each in _vectors(file)):
            verifier = JwtVerifier(issuer, ["x"], _source(vector, SingleFlight(group)))
            with suppress(GatewayError):
                if await verifier.verify(vector.jws, time.time()) is not None:
                    accepted.append(vector.name)

    assert accepted == []
