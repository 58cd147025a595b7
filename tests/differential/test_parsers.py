"""What the gateway decides about is what a server executes, whichever parser it reads with.

Where readings could differ, the message is refused: then no server sees it.
"""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.differential.corpus import HONEST, HOSTILE
from tests.differential.mutants import mutant
from tests.differential.parsers import Parsers, running_parsers
from tests.differential.reading import check, executed_verdicts, gateway_verdicts

MUTANTS = 20_000
KEYS = [
    "jsonrpc", "id", "method", "params", "name", "uri", "arguments", "path", "n", "_meta", "ref",
    "type", "notifications", "resourceSubscriptions", "__proto__", "x",
]  # fmt: skip
VALUES = [
    '"2.0"', "1", '"tools/call"', '"resources/read"', '"completion/complete"', '"write"', '"wipe"',
    '"count"', '"read_a"', '"/data/a"', '"/etc"', '"ref/prompt"', "null", "true", "1e400", "11",
    '"file:///pub/a"', '"\\ud83d\\ude00"', '"subscriptions/listen"',
]  # fmt: skip


@pytest.fixture(scope="module")
def parsers() -> Iterator[Parsers]:
    with running_parsers() as running:
        yield running


@pytest.mark.parametrize("body", HONEST)
def test_honest_messages_are_read_and_read_alike(parsers: Parsers, body: bytes) -> None:
    assert check(parsers, body) is True


@pytest.mark.requirement("M1", "M2", "M3", "M6")
@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_messages_are_refused_or_read_alike(parsers: Parsers, body: bytes) -> None:
    check(parsers, body)


def test_the_corpus_holds_what_parsers_disagree_about(parsers: Parsers) -> None:
    """Else the tests above would show nothing."""
    readings = [parsers.read(body) for body in HOSTILE]
    different = [each for each in readings if len({str(value) for value in each.values()}) > 1]

    assert len(different) >= 15
    assert sum(gateway_verdicts(body) is None for body in HOSTILE) >= 60


def test_a_reader_that_takes_the_first_of_two_is_found_out() -> None:
    """The check itself can fail: this is the difference that it looks for."""
    body = (
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wipe","name":"read_a"}}'
    )
    first = json.loads(body, object_pairs_hook=lambda pairs: dict(reversed(pairs)))

    assert executed_verdicts(first) != executed_verdicts(json.loads(body))


def test_mutants_are_refused_or_read_alike(parsers: Parsers) -> None:
    read = sum(check(parsers, mutant(number, [*HONEST, *HOSTILE])) for number in range(MUTANTS))

    assert read > MUTANTS // 50  # enough of them get as far as the comparison


@st.composite
def spelled(draw: st.DrawFn, text: str) -> str:
    """A string with some of its letters escaped."""
    escaped = draw(st.sets(st.integers(0, len(text) - 1), max_size=2))
    letters = [f"\\u{ord(c):04x}" if i in escaped else c for i, c in enumerate(text)]
    return '"' + "".join(letters) + '"'


def _objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    key = st.sampled_from(KEYS).flatmap(spelled)
    space = st.sampled_from(["", "", " ", "\n"])
    member = st.tuples(space, key, space, values).map(lambda m: f"{m[0]}{m[1]}{m[2]}:{m[3]}")
    return st.lists(member, max_size=6).map(lambda members: "{" + ",".join(members) + "}")


VALUE = st.recursive(
    st.sampled_from(VALUES),
    lambda inner: st.one_of(
        _objects(inner), st.lists(inner, max_size=3).map(lambda items: "[" + ",".join(items) + "]")
    ),
    max_leaves=12,
)


@st.composite
def calls(draw: st.DrawFn) -> bytes:
    """A message that has what a message needs, and more of anything at any place."""
    members = ['"jsonrpc":"2.0"', '"id":1', '"method":"tools/call"', f'"params":{draw(VALUE)}']
    more = draw(_objects(VALUE))[1:-1]
    joined = ",".join([*draw(st.permutations(members)), *([more] if more else [])])
    return f"{{{joined}}}".encode()


@given(st.one_of(VALUE.map(str.encode), calls()))
def test_whatever_is_put_together_is_refused_or_read_alike(parsers: Parsers, body: bytes) -> None:
    check(parsers, body)
