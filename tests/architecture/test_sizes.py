from collections import Counter
from statistics import median, quantiles

from tests.architecture.sources import (
    WRITTEN,
    functions,
    imports_of_ours,
    python_files,
    relative,
)

# Larger than it may be, until it is taken apart.
STILL_IMPORTING = {"gateway/app/record.py"}


def _line_count(text: str) -> int:
    return len(text.splitlines())


def test_no_function_body_is_longer_than_forty_five_lines() -> None:
    found = [f for path in python_files(*WRITTEN) for f in functions(path) if f.lines > 45]

    assert not found


def test_no_folder_has_more_than_fifteen_files() -> None:
    files = [path for path in python_files("gateway") if path.name != "__init__.py"]

    folders = Counter(relative(path.parent) for path in files)
    assert not {name: count for name, count in folders.items() if count > 15}


def test_no_module_imports_more_than_fifteen_of_ours() -> None:
    found = {relative(path) for path in python_files("gateway") if len(imports_of_ours(path)) > 15}

    assert found == STILL_IMPORTING


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    found = {
        relative(path): lines
        for path in python_files(*WRITTEN)
        if (lines := _line_count(path.read_text(encoding="utf-8"))) > 400
    }

    assert not found


def test_functions_of_the_gateway_are_short_in_the_middle_and_at_the_long_end() -> None:
    lines = [function.lines for path in python_files("gateway") for function in functions(path)]

    assert median(lines) <= 8
    assert quantiles(lines, n=20)[-1] <= 20


def test_files_of_the_gateway_are_short_in_the_middle() -> None:
    texts = [path.read_text(encoding="utf-8") for path in python_files("gateway")]
    lines = [_line_count(text) for text in texts if text]

    assert median(lines) <= 150
