from statistics import median, quantiles

from tests.architecture.sources import WRITTEN, functions, python_files, relative


def _line_count(text: str) -> int:
    return len(text.splitlines())


def test_no_function_body_is_longer_than_sixty_lines() -> None:
    found = [f for path in python_files(*WRITTEN) for f in functions(path) if f.lines > 60]

    assert not found


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
    assert quantiles(lines, n=20)[-1] <= 35


def test_files_of_the_gateway_are_short_in_the_middle() -> None:
    texts = [path.read_text(encoding="utf-8") for path in python_files("gateway")]
    lines = [_line_count(text) for text in texts if text]

    assert median(lines) <= 150
