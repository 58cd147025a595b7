"""The gateway's own tools: settings that would have no effect, and names that do not exist."""

import pytest

from tests.unit.config.samples import FULL, messages

SERVER = "allow: any"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("tools: {gateway: [cli_whoami], anonymous: true}", "nothing public to call"),
        ("tools: {gateway: [cli_whoam]}", "cli_whoami"),
        ("tools: {gateway: all, prefix: 'a b'}", "expected"),
        ("tools: {gateway: all}, rules: [{tools: [cli_token], allow: any}]", "no rule reaches it"),
        (
            "tools: {gateway: [cli_token], prefix: x_}, rules: [{tools: [x_token], allow: any}]",
            "x_token is answered by the gateway",
        ),
    ],
)
def test_a_mistake_is_found(more: str, message: str) -> None:
    found = messages(FULL.replace(SERVER, f"{SERVER}, {more}"))

    assert any(message in each for each in found), found


@pytest.mark.parametrize(
    "more",
    [
        "tools: {gateway: all, anonymous: true}",
        "tools: {gateway: [cli_whoami]}, rules: [{tools: ['cli_*'], allow: any}]",
        "tools: {gateway: [cli_token], prefix: x_}, rules: [{tools: [cli_token], allow: any}]",
    ],
)
def test_what_has_an_effect_is_no_mistake(more: str) -> None:
    assert messages(FULL.replace(SERVER, f"{SERVER}, {more}")) == []
