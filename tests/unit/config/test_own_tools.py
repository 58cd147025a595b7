"""Which of the gateway's own tools a server is given, and what clients call them."""

import pytest
from pydantic import ValidationError

from gateway.config.own_tools import DECIDED_BY, OWN_TOOLS, PREFIX, PUBLIC_TOOLS, Tools
from gateway.config.rule import Rule


def test_all_stands_for_each_of_them() -> None:
    assert Tools.model_validate({"gateway": "all"}).gateway == OWN_TOOLS


def test_a_prefix_takes_the_place_of_ours() -> None:
    chosen = Tools.model_validate({"gateway": ["cli_status"], "prefix": "gw."})

    assert chosen.by_name == {"gw.status": "cli_status"}


@pytest.mark.parametrize("prefix", ["", "1a", "a b", "a/b", "a" * 33])
def test_a_prefix_makes_names_that_a_tool_may_have(prefix: str) -> None:
    with pytest.raises(ValidationError):
        Tools.model_validate({"gateway": "all", "prefix": prefix})


def test_a_tool_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ValidationError):
        Tools.model_validate({"gateway": ["cli_logout"]})


def test_public_ones_tell_nothing_about_a_caller() -> None:
    assert {"cli_status", "cli_login_url"} == PUBLIC_TOOLS
    assert all(tool.startswith(PREFIX) for tool in OWN_TOOLS)


def test_no_rule_can_be_taken_for_them_in_the_audit_log() -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"name": DECIDED_BY, "allow": "any"})
