"""Every recipe of docs/policy.md, run as it stands there, with the answers of its table."""

import json
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.integration.test_rules import anonymous, error_of, message
from tests.support.gateway import running_gateway
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.support.rig import Rig
from tests.support.token_signer import TokenSigner

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
CORP, PARTNER = "https://idp.example.com", "https://login.partner.example"
PUBLISHED = [
    {"name": "published_as_reading", "annotations": {"readOnlyHint": True}},
    {"name": "published_as_writing", "annotations": {"readOnlyHint": False}},
]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One configuration, and what it is to answer to whom."""

    title: str
    config: str
    rows: list[tuple[str, str, str]]


def recipes() -> Iterator[Recipe]:
    for section in PAGE.split("\n## Recipes\n")[1].split("\n### ")[1:]:
        title, _, text = section.partition("\n")
        (config,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        cells = [
            tuple(cell.strip() for cell in line.strip("|").split("|"))
            for line in text.splitlines()
            if line.startswith("| ") and not line.startswith("| caller")
        ]
        yield Recipe(title, config, [(one, two, three) for one, two, three in cells])


RECIPES = list(recipes())


def test_there_are_ten_recipes_and_each_lets_through_and_most_refuse() -> None:
    answers = [{row[2][:3] for row in recipe.rows} for recipe in RECIPES]

    assert len(RECIPES) == 10
    assert all("200" in each for each in answers)
    assert sum(len(each) > 1 for each in answers) == 9  # shadow mode refuses nothing


@pytest.mark.parametrize("recipe", RECIPES, ids=[each.title for each in RECIPES])
async def test_a_recipe_answers_as_its_table_says(recipe: Recipe) -> None:
    async with AsyncExitStack() as stack:
        port = stack.enter_context(reserved_port())
        upstream = await stack.enter_async_context(RecordingUpstream())
        corp = await stack.enter_async_context(TokenSigner())
        partner = await stack.enter_async_context(TokenSigner())
        config = yaml.safe_load(_located(recipe.config, port, upstream, corp, partner))
        await stack.enter_async_context(running_gateway(yaml.safe_dump(config)))
        rig = Rig(port, 0, upstream, corp)
        if "annotations" in recipe.config:
            tools = {"jsonrpc": "2.0", "id": 1, "result": {"tools": PUBLISHED}}
            upstream.replies.append(json_reply(json.dumps(tools).encode()))
        for row in recipe.rows:
            received = len(upstream.requests)
            answer = await _call(rig, partner, row[0], row[1])

            assert _told(answer, row[2]) == row[2], row
            passed = any(b'"tools/list"' not in each.body for each in upstream.requests[received:])
            assert passed is (answer.status == 200), row


def _located(
    text: str, port: int, upstream: RecordingUpstream, corp: TokenSigner, partner: TokenSigner
) -> str:
    """The same configuration with everything on this machine."""
    places = {
        "https://mcp.example.com": f"http://127.0.0.1:{port}",
        "http://127.0.0.1:9000/mcp": upstream.url,
        CORP: corp.issuer,
        PARTNER: partner.issuer,
    }
    for there, here in places.items():
        text = text.replace(there, here)
    return f"listen: 127.0.0.1:{port}\nadmin: {{listen: '127.0.0.1:0'}}\n{text}"


async def _call(rig: Rig, partner: TokenSigner, caller: str, operation: str) -> RawResponse:
    method, name, *arguments = operation.split(" ", 2)
    naming = "uri" if method.startswith("resources/") else "name"
    params: dict[str, object] = {naming: name}
    if arguments:
        params["arguments"] = json.loads(arguments[0])
    body = message(method, params)
    if caller == "nobody":
        return await anonymous(rig, body)
    claims = json.loads(caller)
    signer = partner if claims.pop("iss", None) == PARTNER else rig.signer
    return await rig.call(token=signer.token(rig.resource, **claims), body=body)


def _told(answer: RawResponse, expected: str) -> str:
    """The answer in the words of the table, as far as the table goes."""
    if " " not in expected:
        return str(answer.status)
    scope = re.search(r'scope="[^"]*"', str(answer.challenge))
    if scope is not None:
        return f"{answer.status} {scope[0]}"
    data = error_of(answer)["data"]
    assert isinstance(data, dict)
    return f"{answer.status} {data['reason']}"
