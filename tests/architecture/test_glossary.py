"""docs/glossary.md has one line for each word, and the words of all public classes."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from gateway.config.section import Section
from tests.architecture.sources import ROOT, public_classes, python_files, relative

ROWS = [
    row
    for row in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    if row.startswith("| **")
]
# What tells its own words: docs/configuration.md of sections, the class itself of errors.
TOLD_ELSEWHERE = (Section, BaseException)


def _singular(phrase: str) -> str:
    """The phrase in lower case, its last word as one."""
    word = phrase.lower()
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches")):
        return word[:-2]
    return word if word.endswith("ss") else word.removesuffix("s")


def _words_of(name: str) -> Iterator[str]:
    """What a class may be called in the glossary: all words of its name, or its last ones."""
    words = re.findall(r"[A-Z](?:[a-z0-9]+|[A-Z]*(?![a-z]))", name)
    for first in range(len(words)):
        yield _singular(" ".join(words[first:]))


def _is_told_elsewhere(path: Path, name: str) -> bool:
    module = relative(path).removesuffix(".py").replace("/", ".")
    return issubclass(getattr(importlib.import_module(module), name), TOLD_ELSEWHERE)


def test_glossary_gives_each_word_one_line() -> None:
    words = [row.split("|")[1].strip() for row in ROWS]

    assert len(words) > 20
    assert len(words) == len(set(words))
    assert words == sorted(words, key=str.casefold)


def test_glossary_has_the_word_of_every_public_class() -> None:
    known = {_singular(row.split("**")[1]).replace("-", " ") for row in ROWS}

    missing = [
        f"{relative(path)} {name}"
        for path in python_files("gateway")
        for name in public_classes(path)
        if known.isdisjoint(_words_of(name)) and not _is_told_elsewhere(path, name)
    ]

    assert not missing
