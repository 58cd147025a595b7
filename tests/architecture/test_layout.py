import re
from pathlib import Path

from tests.architecture.sources import ROOT, WRITTEN, has_functions, python_files, relative

NAMELESS = {"utils", "util", "helpers", "helper", "common", "core", "misc"}

# Where the test file of a gateway file is not its mirror, and why: five of them at most.
TESTED_ELSEWHERE = {
    "gateway/app/admin/application.py": "app/admin/test_door.py and every test of the listener",
    "gateway/app/generation/credentials.py": (
        "integration/test_upstream_credentials.py has every kind"
    ),
    "gateway/app/generation/header_sources.py": (
        "integration/test_assertion.py and test_upstream_credentials.py"
    ),
    "gateway/app/generation/own_tools.py": (
        "integration/test_own_tools.py, with issuers and servers"
    ),
    "gateway/identity/provider/http_session.py": "identity/provider/test_fetch.py, its only user",
}

MACHINE_PATH = re.compile(r"(?<![\w.$}{/-])/(?:work|tmp|home|root|Users)/\w")
REGISTRY_HOST = re.compile(
    r"https?://[^\s\"']*(?:/simple/|/-/[^\s\"']+\.tgz)|index-url|extra-index"
)
TEXT_FILES = ("*.py", "*.md", "*.toml", "*.yaml", "*.yml", "*.json", "*.mjs", "*.txt", "Makefile")
NOT_OURS = {
    ".git",
    ".venv",
    "build",
    "dist",
    "node_modules",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
}


def _mirror(path: Path) -> Path:
    inside = path.relative_to(ROOT / "gateway")
    return ROOT / "tests" / "unit" / inside.parent / f"test_{inside.stem.strip('_')}.py"


def _text_files() -> list[Path]:
    found = {path for pattern in TEXT_FILES for path in ROOT.rglob(pattern)}
    found |= {path for path in (ROOT / ".ci").iterdir() if path.is_file()}
    return sorted(
        path
        for path in found
        if not NOT_OURS.intersection(path.parts) and not _is_environment(path.relative_to(ROOT))
    )


def _is_environment(path: Path) -> bool:
    return path.parts[0].startswith(".venv")


def test_every_gateway_file_with_functions_has_its_test_file() -> None:
    missing = [
        f"{relative(path)} wants {relative(_mirror(path))}"
        for path in python_files("gateway")
        if has_functions(path)
        and relative(path) not in TESTED_ELSEWHERE
        and not _mirror(path).is_file()
    ]

    assert not missing


def test_every_unit_test_file_mirrors_a_gateway_file() -> None:
    mirrors = {_mirror(path) for path in python_files("gateway")}

    orphans = [path for path in python_files("tests/unit") if path.name != "__init__.py"]

    assert not [relative(p) for p in orphans if p not in mirrors and p.name.startswith("test_")]


def test_few_files_are_tested_elsewhere_and_each_still_exists() -> None:
    assert len(TESTED_ELSEWHERE) <= 5
    assert not [path for path in TESTED_ELSEWHERE if not (ROOT / path).is_file()]
    assert not [path for path in TESTED_ELSEWHERE if _mirror(ROOT / path).is_file()]


def test_package_files_are_empty() -> None:
    found = [path for path in python_files(*WRITTEN) if path.name == "__init__.py"]

    assert not [relative(path) for path in found if path.read_text(encoding="utf-8")]


def test_every_name_says_what_it_holds() -> None:
    found = [path for path in python_files(*WRITTEN) if path.stem in NAMELESS]

    assert not [relative(path) for path in found]


def test_every_gateway_module_says_what_it_is() -> None:
    texts = {relative(path): path.read_text(encoding="utf-8") for path in python_files("gateway")}

    assert not [name for name, text in texts.items() if text and not text.startswith('"""')]


def test_no_file_names_a_path_of_a_machine_or_a_registry() -> None:
    this_file = Path(__file__)
    found = [
        f"{relative(path)}:{number}"
        for path in _text_files()
        if path != this_file
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if MACHINE_PATH.search(line) or REGISTRY_HOST.search(line)
    ]

    assert not found
