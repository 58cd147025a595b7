"""What is legal and surely not meant."""

import re
from pathlib import Path

import pytest

from gateway.config.reading.problems import path_text
from tests.unit.config.samples import FULL, SHORT, review

pytestmark = pytest.mark.requirement("U1")

ROOT = Path(__file__).parents[4]
GOOD = SHORT + "scopes: [mcp:read]\ntrusted_proxies: [127.0.0.1]\n"
LOCAL = GOOD.replace("https://mcp.example.com", "http://127.0.0.1:8123")


def hints(text: str) -> dict[str, str]:
    reviewed = review(text)
    assert reviewed.config is not None
    return {path_text(each.path): each.message for each in reviewed.hints}


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        LOCAL,
        LOCAL + "listen: :8123",
        LOCAL + 'listen: "127.0.0.1:0"',
        GOOD + "rules: [{tools: ['get_*', 'a[*]', 'b[?]'], allow: any}]",
        SHORT.replace("allow: any", "allow: anonymous") + "trusted_proxies: [10.0.0.0/8]",
        GOOD + "tls: {cert_file: a, key_file: b}",
        GOOD.replace("mcp.example.com", "mcp.example.com/mcp") + "path: /files",
    ],
)
def test_what_is_meant_needs_no_hint(text: str) -> None:
    assert hints(text) == {}


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (GOOD.replace("scopes: [mcp:read]", ""), "scopes", "some clients ask for every scope"),
        (
            GOOD.replace("mcp.example.com", "mcp.example.com/mcp"),
            "public_url",
            "would have to type https://mcp.example.com/mcp/mcp; write it without",
        ),
        (LOCAL + "listen: :9000", "listen", "knock at port 8123, as public_url says"),
        (
            GOOD.replace("trusted_proxies: [127.0.0.1]", ""),
            "public_url",
            "nobody is known to speak TLS",
        ),
        (
            GOOD.replace("mcp.example.com", "localhost").replace("trusted_proxies:", "#"),
            "public_url",
            "name the proxy on this machine",
        ),
        (
            GOOD + "rules: [{tools: ['get_[ab'], allow: any}]",
            "rules[0].tools[0]",
            "in get_[ab the [ stands for itself",
        ),
        (
            GOOD + "rules: [{tools: [a], arguments: {p: {glob: '[a]*'}}, allow: any}]",
            "rules[0].arguments.p.glob",
            "only [*] and [?] mean something",
        ),
        (
            FULL.replace(
                "allow: any", "allow: any, auth: {scopes: [a]}, limits: {per_tool: {'[x': 1/s}}"
            )
            + "trusted_proxies: [127.0.0.1]",
            "servers.mcp.limits.per_tool.[x",
            "stands for itself",
        ),
    ],
)
def test_what_is_surely_not_meant_is_told_and_accepted(text: str, path: str, message: str) -> None:
    found = hints(text)

    assert list(found) == [path]
    assert message in found[path]


@pytest.mark.parametrize("page", ["README.md", "docs/configuration.md"])
def test_the_first_example_of_a_page_has_scopes(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    (example, *_) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    assert "scopes" not in hints(example)


def test_the_example_of_the_readme_needs_no_hint() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example, *_) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    assert hints(example) == {}
    assert hints((ROOT / "config.yaml").read_text(encoding="utf-8")) == {}
