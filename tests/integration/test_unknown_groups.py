"""Callers whose groups nobody knows now: no reason to refuse for good, and none to let in."""

import pytest

from tests.integration.test_revocation import ADMIN, revoke
from tests.integration.test_rules import call, server
from tests.support.rig import running_rig

OVERAGE = "claims: {groups_overage: [hasgroups]}"
# Else the headers for the upstream would want to know the groups too.
FORWARD = "forward: {identity_headers: {X-User-Id: subject}}"


@pytest.mark.requirement("C7")
@pytest.mark.parametrize(
    "keys",
    [
        server("tools: [restart], allow: {groups: [ops]}", more=f", {FORWARD}"),
        server("tools: [restart], allow: any", more=f", {FORWARD}, allow: {{groups: [ops]}}"),
    ],
    ids=["rule", "server"],
)
async def test_groups_that_nobody_knows_are_reason_neither_to_refuse_nor_to_let_in(
    keys: str,
) -> None:
    async with running_rig(server=keys, issuer=OVERAGE) as rig:
        response = await rig.call(token=rig.token(hasgroups=True), body=call("restart"))

        assert response.status == 503
        assert int(response.value("Retry-After") or 0) >= 1
        rig.upstream.assert_untouched()


@pytest.mark.requirement("C7")
async def test_while_a_group_is_revoked_nobody_of_unknown_groups_gets_in() -> None:
    more = ADMIN.format(state="./state", store="memory:")
    async with running_rig(more, issuer=OVERAGE, server=FORWARD) as rig:
        assert (await rig.call(token=rig.token(hasgroups=True))).status == 200
        received = len(rig.upstream.requests)
        await revoke(rig, {"group": "ops"})

        refused = await rig.call(token=rig.token(hasgroups=True))

        assert refused.status == 503
        assert int(refused.value("Retry-After") or 0) >= 1
        assert len(rig.upstream.requests) == received
        assert (await rig.call(token=rig.token(groups=["dev"]))).status == 200
