"""What is told of a library that is missing is what the project asks for."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.requirement("U8")
@pytest.mark.parametrize(
    ("extra", "file"),
    [("cel", "gateway/config/expression.py"), ("redis", "gateway/store/store.py")],
)
def test_a_missing_extra_is_named_by_the_library_that_it_stands_for(extra: str, file: str) -> None:
    """The gateway is no package of a registry: its own name would install somebody else's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (library,) = project["optional-dependencies"][extra]

    assert f"pip install '{library}'" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.requirement("U8")
def test_nothing_tells_people_to_install_the_distribution_by_its_name() -> None:
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("gateway/**/*.py")]

    told = re.compile(r"install[^\n]{0,40}mcp-auth-gateway\[")
    assert not [path.name for path in texts if told.search(path.read_text(encoding="utf-8"))]


@pytest.mark.requirement("U8")
def test_pages_lead_to_pages_that_are_there() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]

    assert links
    assert not [(page.name, link) for page, link in links if not (page.parent / link).exists()]
