"""Keys that were meant otherwise."""

import pytest

from gateway.config.reading.problems import path_text
from tests.unit.config.samples import FULL, SHORT, review


@pytest.mark.requirement("U6")
def test_a_value_below_a_misspelt_key_is_judged_as_if_it_were_written_right() -> None:
    found = review(FULL.replace("allow: any", "timeuots: {connect: 5}")).problems

    assert [each.message for each in found] == [
        "unknown key, did you mean 'timeouts'?",
        'expected a duration such as "30s", got 5',
    ]
    assert path_text(found[1].path) == "servers.mcp.timeouts.connect"


def test_a_misspelt_key_beside_the_right_one_is_only_unknown() -> None:
    (problem,) = review(SHORT + "alow: 5\n").problems

    assert problem.suggestion == "allow"


def test_two_spellings_of_one_key_do_not_hide_each_other() -> None:
    found = review(SHORT.replace("allow: any", "alow: any\nallw: any")).problems

    assert {each.suggestion for each in found} == {"allow"}
    assert len(found) == 2
