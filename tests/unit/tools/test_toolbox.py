"""What is listed of the gateway's own tools, and calling one."""

import json
from collections.abc import Mapping

import pytest

from gateway.errors import MissingToken
from gateway.identity.principal import Principal
from gateway.tools.facts import Call
from gateway.tools.toolbox import Toolbox
from tests.unit.tools.test_answers import ISSUER, NOW, facts

ADA = Principal(ISSUER, "ada")
BOX = Toolbox({"gw_status": "cli_status", "gw_token": "cli_token"}, facts({}))


async def result(
    name: str, arguments: Mapping[str, object] | None = None, *, modern: bool = False
) -> Mapping[str, object]:
    call = Call(ADA, "the token", arguments or {}, NOW)
    return await BOX.call(name, call, modern=modern)


def test_tools_are_listed_under_the_names_that_clients_see() -> None:
    assert BOX.names == {"gw_status", "gw_token"}
    listed = {name: json.loads(bytes(entry)) for name, entry in BOX.listed(ADA).items()}
    assert listed["gw_token"]["name"] == "gw_token"
    assert listed["gw_token"]["annotations"]["readOnlyHint"] is True


def test_without_a_token_only_public_ones_are_listed() -> None:
    assert BOX.has_public
    assert list(BOX.listed(None)) == ["gw_status"]
    assert not Toolbox({"gw_token": "cli_token"}, facts()).has_public


async def test_without_a_token_only_public_ones_are_called() -> None:
    nobody = Call(None, None, {}, NOW)

    assert (await BOX.call("gw_status", nobody, modern=False))["isError"] is False
    with pytest.raises(MissingToken):
        await BOX.call("gw_token", nobody, modern=False)


async def test_the_text_repeats_the_structured_content() -> None:
    answer = await result("gw_token")

    content = answer["content"]
    assert isinstance(content, list)
    assert json.loads(content[0]["text"]) == answer["structuredContent"]


async def test_the_token_is_shown_only_to_who_asks_for_it() -> None:
    assert "the token" not in str(await result("gw_token"))
    assert "the token" in str(await result("gw_token", {"showToken": True}))


@pytest.mark.parametrize("arguments", [{"showToken": "yes"}, {"x": 1}])
async def test_a_wrong_argument_is_told_and_shows_nothing(arguments: Mapping[str, object]) -> None:
    answer = await result("gw_token", arguments)

    assert answer["isError"] is True
    assert "structuredContent" not in answer


async def test_the_newest_revision_wants_to_know_that_a_result_is_whole() -> None:
    assert (await result("gw_status", modern=True))["resultType"] == "complete"
    assert "resultType" not in await result("gw_status")
