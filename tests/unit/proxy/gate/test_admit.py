"""Who may use a server at all, and what the answer says to who may not."""

import json

import pytest

from tests.support.rig import running_rig


@pytest.mark.requirement("14")
async def test_a_scope_that_would_help_is_named() -> None:
    async with running_rig(server="auth: {scopes: [mcp:read]}") as rig:
        response = await rig.call(token=rig.token(scope="other"))

        assert response.status == 403
        assert 'error="insufficient_scope"' in (response.challenge or "")
        assert 'scope="mcp:read"' in (response.challenge or "")
        rig.upstream.assert_untouched()


async def test_where_no_scope_would_help_there_is_no_challenge() -> None:
    async with running_rig(server="allow: {subjects: [bob]}") as rig:
        response = await rig.call(token=rig.token(sub="ada"))

        assert (response.status, response.challenge) == (403, None)
        error = json.loads(response.body)["error"]["data"]
        assert (error["error"], error["reason"]) == ("access_denied", "subject_not_allowed")
        rig.upstream.assert_untouched()


async def test_who_is_admitted_goes_on() -> None:
    async with running_rig(server="allow: {subjects: [ada]}") as rig:
        assert (await rig.call(token=rig.token(sub="ada"))).status == 200


@pytest.mark.requirement("J13")
async def test_a_head_that_repeats_is_not_a_callers_whom_it_did_not_name() -> None:
    async with running_rig(server="allow: {subjects: [ada]}") as rig:
        first = await rig.call(token=rig.token(sub="ada"))
        second = await rig.call(token=rig.token(sub="eve"))

        assert (first.status, second.status) == (200, 403)
        assert len(rig.upstream.requests) == 1
