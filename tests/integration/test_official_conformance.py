"""The official conformance suite finds the same through the gateway as without it.

The suite logs in nowhere, so the server lets everybody in. What it asks passes every other step:
routing, reading, rules, mirrored headers, sessions, streams.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.conformance_suite import Check, run_conformance_suite
from tests.support.everything_server import running_everything_server
from tests.support.gateway import FullKeys, full_config, running_gateway
from tests.support.ports import reserved_port
from tests.support.token_signer import TokenSigner

# The last one: a method that no rule names is refused here, the suite wants the server to do it.
RULED = (
    "allow: anonymous, rules: [{tools: ['*'], prompts: ['*'], resources: ['**'], allow: anonymous},"
    " {methods: ['*'], allow: anonymous}]"
)
# The SDK compares Mcp-Name before it takes the white space around it away (RFC 9110 §5.5).
BETTER = {"sep-2243-server-accepts-whitespace-header-value"}


@pytest.fixture(scope="module")
def everything() -> Iterator[str]:
    with running_everything_server() as url:
        yield url


@pytest.mark.parametrize(("revision", "least"), [("2026-07-28", 150), ("2025-11-25", 80)])
async def test_the_suite_finds_no_difference(
    everything: str, tmp_path: Path, revision: str, least: int
) -> None:
    directly = await run_conformance_suite(everything, revision, tmp_path / "directly")
    free = await through_gateway(everything, revision, tmp_path / "free", "allow: anonymous")
    ruled = await through_gateway(everything, revision, tmp_path / "ruled", RULED)

    assert sum(status == "SUCCESS" for status in directly.values()) >= least
    assert not differences(directly, free)
    assert not differences(directly, ruled)


async def through_gateway(
    upstream: str, revision: str, folder: Path, server: str
) -> Mapping[Check, str]:
    with reserved_port() as port:
        async with TokenSigner() as signer:
            config = full_config(port, upstream, signer.issuer, FullKeys(server=server))
            async with running_gateway(config + "log: {audit_file: null}\n"):
                return await run_conformance_suite(f"http://127.0.0.1:{port}/mcp", revision, folder)


def differences(one: Mapping[Check, str], other: Mapping[Check, str]) -> Mapping[Check, object]:
    return {
        check: (one.get(check), other.get(check))
        for check in one.keys() | other.keys()
        if one.get(check) != other.get(check) and check[1] not in BETTER
    }
