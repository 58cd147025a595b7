import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.observability.log.single_line import single_line


@pytest.mark.requirement("O5")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nb", r"a\r\nb"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31mred", r"\x9b31mred"),
        ("a\x85b\u2028c", r"a\x85b\u2028c"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\ud800", r"\ud800"),
        ("Zoë", "Zoë"),
    ],
)
def test_what_breaks_lines_or_drives_terminals_is_escaped(text: str, line: str) -> None:
    assert single_line(text) == line


@given(st.text(alphabet=st.characters(codec=None)))
def test_result_is_always_one_printable_line(text: str) -> None:
    line = single_line(text)

    assert len(line.splitlines()) <= 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in line)
    line.encode()
