"""Marks and fixtures that every test may use."""

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.conformance.requirements import REQUIREMENTS
from tests.support.identity_provider import OidcProvider, running_oidc_provider
from tests.support.ports import reserved_port
from tests.support.recording_upstream import RecordingUpstream
from tests.support.token_signer import TokenSigner

# No deadline and no complaint about slow examples: both tell how busy the machine is.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("patient", _PATIENT)
settings.load_profile("patient")
# `make mutate` wants the same answer each time.
settings.register_profile("mutants", _PATIENT, derandomize=True, database=None, max_examples=50)
# `make fuzz` searches for as long as a machine has time; every other run is short.
settings.register_profile("long", _PATIENT, max_examples=400_000)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "requirement(*ids): the rows of tests/conformance/requirements.md it proves"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    unknown = {
        f"{item.nodeid}: {identifier}"
        for item in items
        for mark in item.iter_markers("requirement")
        for identifier in mark.args
        if identifier not in REQUIREMENTS
    }
    if unknown:
        raise pytest.UsageError("unknown requirement: " + ", ".join(sorted(unknown)))


@pytest.fixture
def port() -> Iterator[int]:
    """A port that nobody else gets, for a listener that must know its number beforehand."""
    with reserved_port() as number:
        yield number


@pytest.fixture
async def upstream() -> AsyncIterator[RecordingUpstream]:
    """A server that records every byte and answers a JSON-RPC result."""
    async with RecordingUpstream() as server:
        yield server


@pytest.fixture
async def signer() -> AsyncIterator[TokenSigner]:
    """An issuer whose tokens the test writes itself."""
    async with TokenSigner() as issuer:
        yield issuer


@pytest.fixture(scope="session")
def oidc_provider() -> Iterator[OidcProvider]:
    """A certified OpenID provider with dynamic registration and resource indicators."""
    with running_oidc_provider() as provider:
        yield provider
