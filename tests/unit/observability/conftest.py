"""One finished request that tests vary."""

import msgspec
import pytest

from gateway.observability.audit.outcome import RequestOutcome
from gateway.observability.denials import Denials, denial_of
from gateway.observability.metrics.exposition import registry_of
from gateway.observability.metrics.metrics import Metrics

CALL = RequestOutcome(
    time="2025-11-23T15:00:00.250Z",
    request_id="0123456789abcdef",
    http_method="POST",
    status=200,
    server="files",
    decision="allow",
    reason="ok",
    scheme="jwt",
    subject="ada",
    issuer="https://idp.example.com",
    client_id="cli",
    mcp_method="tools/call",
    name="read_file",
    jsonrpc_id=7,
    duration_s=0.004,
    auth_s=0.0002,
    upstream_s=0.003,
    verified=True,
    host="files.example.com",
)


def a_call(**changes: object) -> RequestOutcome:
    """A good `tools/call`, with some of its facts changed."""
    return msgspec.structs.replace(CALL, **changes)


def note_end(denials: Denials, outcome: RequestOutcome) -> None:
    """Tell of a request that ended, as the gateway does."""
    denial = denial_of(outcome)
    if denial is not None:
        denials.note(denial, 1763910000.25, outcome.request_id)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(["files", "mail"], ["corp"], "1.2.3")


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The value of one series, None when it is not exported."""
    return registry_of(metrics).get_sample_value(name, labels)
