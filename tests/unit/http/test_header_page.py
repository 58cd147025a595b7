from pathlib import Path

from gateway.http.header_page import header_page

PAGE = Path(__file__).parents[3] / "docs" / "headers.md"


def test_documentation_is_what_the_code_makes() -> None:
    assert PAGE.read_text(encoding="utf-8") == header_page()
