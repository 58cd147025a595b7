from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.errors import InvalidToken
from gateway.identity.api_keys.api_key import RANDOM_BYTES, hash_key, key_id, make_key
from gateway.identity.api_keys.api_key_file import ApiKeyEntry, dump_keys, parse_keys
from gateway.identity.principal import Principal
from gateway.identity.verifiers.api_key_verifier import ApiKeyVerifier
from gateway.resilience.watched_file import WatchedFile
from tests.unit.identity.conftest import verdict

GATEWAY = "https://gateway.example"
KEY = make_key(b"k" * RANDOM_BYTES)
OTHER_KEY = make_key(b"o" * RANDOM_BYTES)
NOW = 2_000_000.0
FULL = ApiKeyEntry(
    hash_key(KEY),
    "ci",
    client_id="runner",
    name="Build server",
    scopes=frozenset({"mcp:read"}),
    groups=("dev",),
    roles=("builder",),
    servers=frozenset({"files"}),
    created_at=NOW - 10,
    expires_at=NOW + 10,
)


class KeyFile:
    """The file of keys, as operators write it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.watched: WatchedFile[Mapping[str, ApiKeyEntry]] = WatchedFile(path, parse_keys, {})

    async def hold(self, *entries: ApiKeyEntry) -> None:
        self._write(dump_keys(entries))
        await self.watched.load()

    async def break_(self) -> None:
        self._write("keys: soon")
        await self.watched.load()

    def _write(self, text: str) -> None:
        self._path.write_text(text, encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.yaml")


@pytest.fixture
def verifier(file: KeyFile) -> ApiKeyVerifier:
    return ApiKeyVerifier(file.watched, GATEWAY, "files")


async def test_the_principal_has_all_that_the_entry_says(
    file: KeyFile, verifier: ApiKeyVerifier
) -> None:
    await file.hold(FULL)

    principal = await verifier.verify(KEY, NOW)

    assert principal == Principal(
        GATEWAY,
        "ci",
        client_id="runner",
        scopes=frozenset({"mcp:read"}),
        name="Build server",
        groups=("dev",),
        roles=("builder",),
        expires_at=NOW + 10,
        scheme="api_key",
        issued_at=NOW - 10,
        token_id=key_id(FULL.hash),
    )


async def test_a_key_without_client_is_a_client_of_its_own(
    file: KeyFile, verifier: ApiKeyVerifier
) -> None:
    await file.hold(ApiKeyEntry(hash_key(KEY), "ci"))

    principal = await verifier.verify(KEY, NOW)

    assert principal is not None
    assert principal.client_id == f"api-key:{key_id(hash_key(KEY))}"
    assert (principal.scopes, principal.expires_at) == (frozenset(), None)


@pytest.mark.parametrize("token", ["opaque", "a.b.c", KEY.replace("mcpgw_", "")])
async def test_what_is_no_key_is_left_to_others(
    file: KeyFile, verifier: ApiKeyVerifier, token: str
) -> None:
    await file.hold(FULL)

    assert await verdict(verifier, token, NOW) == "not mine"


@pytest.mark.parametrize("token", ["mcpgw_", KEY[:-1], KEY[:-1] + "!", KEY + "A"])
async def test_a_key_with_a_wrong_checksum_is_malformed(
    file: KeyFile, verifier: ApiKeyVerifier, token: str
) -> None:
    await file.hold(FULL)

    assert await verdict(verifier, token, NOW) == "malformed"


async def test_an_unknown_key_is_inactive(file: KeyFile, verifier: ApiKeyVerifier) -> None:
    await file.hold(FULL)

    assert await verdict(verifier, OTHER_KEY, NOW) == "inactive"


async def test_a_key_that_was_taken_out_is_inactive(
    file: KeyFile, verifier: ApiKeyVerifier
) -> None:
    await file.hold(FULL)

    await file.hold()

    assert await verdict(verifier, KEY, NOW) == "inactive"


async def test_a_key_for_other_servers_is_refused_here(file: KeyFile) -> None:
    await file.hold(FULL)

    mail = ApiKeyVerifier(file.watched, GATEWAY, "mail")

    assert await verdict(mail, KEY, NOW) == "wrong_audience"


async def test_a_key_that_names_no_server_opens_all(file: KeyFile) -> None:
    await file.hold(ApiKeyEntry(hash_key(KEY), "ci"))

    mail = ApiKeyVerifier(file.watched, GATEWAY, "mail")

    assert await verdict(mail, KEY, NOW) == "accepted"


@pytest.mark.parametrize(
    ("later_s", "expected"), [(9.9, "accepted"), (10, "expired"), (11, "expired")]
)
async def test_a_key_ends_at_its_expiry(
    file: KeyFile, verifier: ApiKeyVerifier, later_s: float, expected: str
) -> None:
    await file.hold(FULL)

    assert await verdict(verifier, KEY, NOW + later_s) == expected


async def test_nobody_knows_before_the_file_was_read(
    file: KeyFile, verifier: ApiKeyVerifier
) -> None:
    await file.break_()

    assert await verdict(verifier, KEY, NOW) == "idp_unavailable"
    assert await verdict(verifier, "opaque", NOW) == "not mine"


async def test_a_file_that_breaks_shuts_nobody_out(file: KeyFile, verifier: ApiKeyVerifier) -> None:
    await file.hold(FULL)

    await file.break_()

    assert await verdict(verifier, KEY, NOW) == "accepted"


@pytest.mark.parametrize("token", [OTHER_KEY, KEY[:-1]])
async def test_a_refusal_never_repeats_the_key(
    file: KeyFile, verifier: ApiKeyVerifier, token: str
) -> None:
    await file.hold(FULL)

    with pytest.raises(InvalidToken, match="The access token is") as caught:
        await verifier.verify(token, NOW)

    assert token not in str(caught.value)
