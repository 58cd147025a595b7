"""The revocations that a command can read beside a gateway that runs."""

from pathlib import Path

import pytest

from gateway.app.judging.known_revocations import known_revocations
from gateway.config.model import Config
from gateway.identity.principal import Principal
from gateway.identity.revocation.revocation import Revocation
from gateway.identity.revocation.revocations import Revocations
from gateway.resilience.clocks import Clocks
from gateway.store.store import open_store
from tests.unit.config.samples import SHORT, review

ADA = Principal("https://idp.example.com", "ada", issued_at=1.0)


def configured(folder: Path, more: str) -> Config:
    found = review(f"{SHORT}state_dir: {folder}\n{more}", folder).config
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("store", "told"), [("memory:", "keeps in memory"), ("redis://127.0.0.1:1/0", "cannot be read")]
)
async def test_what_only_the_gateway_knows_is_said(tmp_path: Path, store: str, told: str) -> None:
    not_known: list[str] = []
    async with known_revocations(
        configured(tmp_path, f'store: {{url: "{store}"}}'), not_known
    ) as revocations:
        assert len(revocations) == 0

    assert told in not_known[0]


async def test_what_is_in_the_store_counts(tmp_path: Path) -> None:
    config = configured(tmp_path, "store: {url: 'sqlite:'}")
    store = open_store(config.store, config.state_dir)
    await Revocations(store, None, Clocks(), lambda: None).add(Revocation("subject", "ada"))
    await store.aclose()
    not_known: list[str] = []

    async with known_revocations(config, not_known) as revocations:
        assert revocations.concerns(ADA)

    assert not_known == []


async def test_looking_makes_no_file(tmp_path: Path) -> None:
    config = configured(tmp_path / "state", "store: {url: 'sqlite:'}")
    async with known_revocations(config, []):
        pass

    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240  # a test's own folder
