"""docs/configuration.md knows every key, and its examples load."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args, get_origin

import pytest

from gateway.config.allow import Allow
from gateway.config.issuer import ClientAuthentication
from gateway.config.model import Config
from gateway.config.section import Section
from tests.unit.config.samples import review

TEXT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
DOCS = Path(__file__).parents[2] / "docs"
PAGES = [
    (page.name, example)
    for page in sorted(DOCS.glob("*.md"))
    for example in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    if "public_url:" in example
]


def keys_of(section: type[Section], prefix: str = "") -> Iterator[str]:
    """Every key below a section; what stands below a map starts anew with its own table.

    So do the keys that say who the gateway is, which stand in several sections.
    """
    shared = ClientAuthentication.model_fields
    for name, field in section.model_fields.items():
        if name in shared and issubclass(section, ClientAuthentication):
            yield name
            continue
        inner = _section_in(field.annotation)
        if inner is None or inner is Allow:
            yield prefix + name
        elif get_origin(field.annotation) is Mapping:
            yield from keys_of(inner)
        else:
            yield from keys_of(inner, f"{prefix}{name}.")


def _section_in(annotation: object) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    found = (_section_in(argument) for argument in get_args(annotation))
    return next((each for each in found if each is not None), None)


def test_every_key_is_documented() -> None:
    missing = [key for key in keys_of(Config) if f"`{key}`" not in TEXT]

    assert missing == []


def test_every_key_of_allow_is_documented() -> None:
    assert [key for key in Allow.model_fields if f"`allow.{key}`" not in TEXT] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_good_configuration(example: str) -> None:
    found = review(example)

    assert (found.problems, found.warnings) == ((), ())


@pytest.mark.parametrize(("page", "example"), PAGES)
def test_every_whole_example_of_the_other_pages_is_one_too(
    page: str, example: str, tmp_path: Path
) -> None:
    (tmp_path / "gateway-secret").write_text("secret", encoding="utf-8")

    found = review(example, tmp_path)

    assert (found.problems, found.warnings) == ((), ()), page
