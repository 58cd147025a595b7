"""Configurations and environments that would weaken the gateway (attacks O1, O2, O8)."""

import re
import tomllib
from pathlib import Path

import pytest

from gateway.config.load import review_text
from gateway.config.model import Config

ROOT = Path(__file__).parents[2]
SHORT = """\
public_url: https://mcp.example.com
upstream: http://127.0.0.1:9000/mcp
issuer: https://idp.example.com
allow: any
"""


def problems(text: str) -> list[str]:
    return [each.message for each in review_text(text, ROOT, {}, "config.yaml").problems]


def test_the_plain_configuration_is_accepted() -> None:
    assert problems(SHORT) == []


@pytest.mark.requirement("O1")
@pytest.mark.parametrize(
    "key", ["''", "changeme", "'secret-api-key'", "AAAA", "'" + "0" * 63 + "'"]
)
def test_an_empty_or_guessable_key_is_refused(key: str) -> None:
    found = problems(SHORT + f"sealing_key: {key}\n")

    assert len(found) == 1
    assert key.strip("'") not in found[0] or not key.strip("'")


@pytest.mark.requirement("O2")
@pytest.mark.parametrize(
    "line",
    [
        "alow: any",
        "allow: {}\nallow: any",
        "servers: {a: {upstream: 'http://a', auth: {audiences: ['']}}}",
        "issuers: {a: {issuer: 'https://a', algorithms: [none]}}",
        "issuers: {a: {issuer: 'https://a', algorithms: [HS256]}}",
    ],
)
def test_what_would_open_a_door_is_an_error(line: str) -> None:
    assert problems(SHORT + line + "\n")


@pytest.mark.requirement("27")
def test_by_default_only_this_machine_is_served() -> None:
    assert Config.model_fields["listen"].default.host == "127.0.0.1"
    assert Config.model_fields["admin"].default.listen.host == "127.0.0.1"


@pytest.mark.requirement("O8")
@pytest.mark.parametrize(("name", "floor"), [("aiohttp", (3, 14, 3)), ("cryptography", (50,))])
def test_dependencies_are_newer_than_their_known_holes(name: str, floor: tuple[int, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    line = next(each for each in project["dependencies"] if each.startswith(name))

    found = re.search(r">=([0-9.]+)", line)

    assert found is not None
    assert tuple(int(part) for part in found[1].split(".")) >= floor


@pytest.mark.requirement("O8")
def test_parsers_with_known_holes_are_no_dependency() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").lower()

    assert not re.search(r'"(?:pyjwt|authlib|python-jose)', text)
