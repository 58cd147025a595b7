import base64
import json
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from gateway.config.issuer import Issuer
from gateway.config.model import IssuerKeys
from gateway.errors import ConfigError, InvalidToken
from gateway.identity.keys.key_ring import PUBLISH_AFTER_S, PUBLISH_AHEAD_S
from gateway.identity.keys.local_issuer import KEY_FILE, PEM_FILE, Grant, LocalIssuer
from gateway.identity.keys.sources import IdentityServices, build_local_sources
from gateway.identity.principal import Principal
from gateway.identity.verifiers.jwt import JwtVerifier
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.unit.identity.conftest import RESOURCE

DAILY = IssuerKeys(rotate=86400.0)
ISSUER = "http://127.0.0.1:8080"


@pytest.fixture
def local(tmp_path: Path) -> LocalIssuer:
    return LocalIssuer.load_or_create(tmp_path / "state", ISSUER)


async def _verify(local: LocalIssuer, token: str, flights: SingleFlight) -> Principal | None:
    issuer = Issuer(issuer=ISSUER, local=True)
    sources = build_local_sources("local", issuer, local, IdentityServices(flights))
    await sources.keys.refresh()
    return await JwtVerifier(issuer, [RESOURCE], sources.keys).verify(token, time.time())


async def test_token_that_it_issues_is_accepted(local: LocalIssuer, flights: SingleFlight) -> None:
    grant = Grant(
        "ada",
        RESOURCE,
        scopes=frozenset({"b", "a"}),
        email="ada@example.com",
        name="Ada",
        groups=("dev",),
        roles=("admin",),
        lifetime_s=90,
    )
    now = time.time()

    principal = await _verify(local, local.issue(grant, now), flights)

    assert principal is not None
    assert (principal.issuer, principal.subject, principal.client_id) == (
        ISSUER,
        "ada",
        "mcpgw-cli",
    )
    assert principal.scopes == {"a", "b"}
    assert (principal.email, principal.name) == ("ada@example.com", "Ada")
    assert (principal.groups, principal.roles) == (("dev",), ("admin",))
    assert principal.expires_at == int(now) + 90


async def test_token_has_the_claims_of_rfc_9068(local: LocalIssuer, flights: SingleFlight) -> None:
    """RFC 9068 §2.2."""
    principal = await _verify(local, local.issue(Grant("ada", RESOURCE), time.time()), flights)

    assert principal is not None
    assert set(principal.claims) == {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"}


def test_each_token_has_an_identifier_of_its_own(local: LocalIssuer) -> None:
    grant = Grant("ada", RESOURCE)

    assert local.issue(grant, 1.0) != local.issue(grant, 1.0)


@pytest.mark.requirement("143")
def test_key_is_for_its_owner_only(local: LocalIssuer, tmp_path: Path) -> None:
    state = tmp_path / "state"

    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE((state / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in state.iterdir()] == [KEY_FILE]


def test_key_survives_a_restart(local: LocalIssuer, tmp_path: Path) -> None:
    again = LocalIssuer.load_or_create(tmp_path / "state", ISSUER)

    assert again.jwks() == local.jwks()


async def _accepts(verifier: JwtVerifier, token: str, now: float) -> bool:
    try:
        return await verifier.verify(token, now) is not None
    except InvalidToken:
        return False


@pytest.mark.requirement("143", "F18")
async def test_tokens_of_the_old_key_are_accepted_until_they_end(
    tmp_path: Path, flights: SingleFlight
) -> None:
    clock = HandClock(1_800_000_000.0)
    local = LocalIssuer.load_or_create(tmp_path, ISSUER, DAILY, clock.clocks)
    issuer = Issuer(issuer=ISSUER, local=True)
    around = IdentityServices(flights, clock.clocks)
    keys = build_local_sources("local", issuer, local, around).keys
    verifier = JwtVerifier(issuer, [RESOURCE], keys)
    clock.advance(DAILY.rotate)
    await keys.refresh()  # makes the next key
    clock.advance(PUBLISH_AHEAD_S - 1)
    old = local.issue(Grant("ada", RESOURCE), clock.wall)
    clock.advance(1)
    new = local.issue(Grant("ada", RESOURCE), clock.wall)

    assert _kid(old) != _kid(new)
    for _ in range(6):
        await keys.refresh()
        assert await _accepts(verifier, old, clock.wall)
        assert await _accepts(verifier, new, clock.wall)
        assert local.read(old, clock.wall) is not None
        clock.advance(590)
    clock.advance(PUBLISH_AFTER_S)
    await keys.refresh()
    assert not keys.trusts(_kid(old))
    assert keys.trusts(_kid(new))
    assert local.read(old, clock.wall) is None


@pytest.mark.requirement("F18")
async def test_a_key_that_somebody_has_is_gone_with_its_file(
    tmp_path: Path, flights: SingleFlight
) -> None:
    stolen = LocalIssuer.load_or_create(tmp_path, ISSUER)
    (tmp_path / KEY_FILE).unlink()

    local = LocalIssuer.load_or_create(tmp_path, ISSUER)

    forged = stolen.issue(Grant("ada", RESOURCE), time.time())
    with pytest.raises(InvalidToken):
        await _verify(local, forged, flights)
    assert local.read(forged, time.time()) is None


def test_a_token_that_lives_long_keeps_its_key(tmp_path: Path) -> None:
    clock = HandClock(1_800_000_000.0)
    local = LocalIssuer.load_or_create(tmp_path, ISSUER, DAILY, clock.clocks)
    token = local.issue(Grant("ci", RESOURCE, lifetime_s=30 * DAILY.rotate), clock.wall)

    for _ in range(29):
        clock.advance(DAILY.rotate)
        local = LocalIssuer.load_or_create(tmp_path, ISSUER, DAILY, clock.clocks)

    assert local.read(token, clock.wall) is not None


def test_a_key_that_cannot_be_kept_signs_nothing_for_long(tmp_path: Path) -> None:
    local = LocalIssuer.load_or_create(tmp_path / "state", ISSUER)
    (tmp_path / "state").rename(tmp_path / "elsewhere")

    with pytest.raises(ConfigError, match="issuer keys"):
        local.issue(Grant("ci", RESOURCE, lifetime_s=86400.0), time.time())


def test_it_reads_no_token_of_anybody_else(local: LocalIssuer, tmp_path: Path) -> None:
    other = LocalIssuer.load_or_create(tmp_path / "other", ISSUER)

    assert local.read(other.issue(Grant("ada", RESOURCE), 1.0), 2.0) is None
    assert local.read("no token", 2.0) is None


def _kid(token: str) -> str:
    head = token.partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=="))["kid"])


def test_public_document_has_no_private_part(local: LocalIssuer) -> None:
    keys = local.jwks()["keys"]

    assert isinstance(keys, list)
    assert [set(key) for key in keys] == [{"kty", "crv", "x", "y", "kid", "use", "alg"}]


def test_metadata_leads_to_the_keys(local: LocalIssuer) -> None:
    assert local.metadata()["issuer"] == ISSUER
    assert local.metadata()["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_key_that_others_can_reach_is_refused(
    mode: int, local: LocalIssuer, tmp_path: Path
) -> None:
    (tmp_path / "state" / KEY_FILE).chmod(mode)

    with pytest.raises(ConfigError, match="chmod 600"):
        LocalIssuer.load_or_create(tmp_path / "state", ISSUER)


@pytest.mark.parametrize("content", [b"", b"not a key"])
def test_file_that_is_no_key_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / PEM_FILE
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(ConfigError, match="PEM"):
        LocalIssuer.load_or_create(tmp_path, ISSUER)


def test_key_of_another_curve_is_refused(tmp_path: Path) -> None:
    path = tmp_path / PEM_FILE
    path.write_bytes(ECKey.generate_key("P-384").as_pem(private=True))
    path.chmod(0o600)

    with pytest.raises(ConfigError, match="P-256"):
        LocalIssuer.load_or_create(tmp_path, ISSUER)


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    def load(number: int) -> str:
        return str(LocalIssuer.load_or_create(tmp_path / "state", ISSUER).jwks())

    with ThreadPoolExecutor(max_workers=8) as pool:
        documents = set(pool.map(load, range(8)))

    assert len(documents) == 1
    assert [path.name for path in (tmp_path / "state").iterdir()] == [KEY_FILE]


def test_state_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="file"):
        LocalIssuer.load_or_create(tmp_path / "file" / "state", ISSUER)
