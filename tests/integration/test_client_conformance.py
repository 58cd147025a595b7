"""`mcpgw` as a client, judged by the official conformance suite: discovery, login, calls."""

from pathlib import Path

import pytest

from tests.support.conformance_suite import run_conformance_client

# What this client does not do: answer a server's questions, and the extensions of the
# authorization framework (client credentials, DPoP, workload identity, ID-JAG).
NOT_DONE = (
    "sep-2322-client-request-state",
    "json-schema-2020-12-preservation",
    "auth/client-credentials",
    "auth/enterprise-managed",
    "auth/dpop",
    "auth/wif",
)


@pytest.mark.requirement("64", "65", "66")
async def test_the_suite_finds_nothing_wrong_with_the_client(tmp_path: Path) -> None:
    found = await run_conformance_client("2026-07-28", tmp_path)

    judged = {check: status for check, status in found.items() if not check[0].startswith(NOT_DONE)}
    assert sum(status == "SUCCESS" for status in judged.values()) >= 400
    assert not {check: status for check, status in judged.items() if status in BAD}


BAD = {"FAILURE", "WARNING"}
