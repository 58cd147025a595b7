import pytest

from gateway.identity.revocation.revocation import Revocation
from gateway.identity.revocation.revocation_file import parse_revocations

FILE = """\
# who left
revocations:
  - {subject: ada, issuer: https://issuer.example, note: left the company}
  - token_id: "4711"
  - {group: contractors, until: 2026-06-01}
  - {everything: true, before: 2026-01-01T00:00:00Z}
"""


@pytest.mark.requirement("152")
def test_every_entry_is_read() -> None:
    assert parse_revocations(FILE) == (
        Revocation("subject", "ada", issuer="https://issuer.example", note="left the company"),
        Revocation("token_id", "4711"),
        Revocation("group", "contractors", until=1780272000.0),
        Revocation("everything", before=1767225600.0),
    )


def test_nobody_is_revoked_in_so_many_words() -> None:
    assert parse_revocations("revocations: []") == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing yet",
        "revocations:",
        "- {subject: ada}",
        "revocations: {subject: ada}",
        "revocations: []\nother: 1",
    ],
)
def test_a_file_of_another_shape_is_no_empty_list(text: str) -> None:
    with pytest.raises(ValueError, match="expected `revocations:` with a list"):
        parse_revocations(text)


def test_every_mistake_is_listed_with_its_line() -> None:
    text = "revocations:\n  - {subject: 12}\n  - {group: ops}\n  - {}\n  - {group: a, group: b}\n"

    with pytest.raises(ValueError, match="line") as caught:
        parse_revocations(text)

    lines = [each.split(":")[0] for each in str(caught.value).split("; line ")]
    assert lines == ["line 5", "2", "4"]


def test_what_is_no_yaml_is_said_so() -> None:
    with pytest.raises(ValueError, match=r"line 2: .*; expected `revocations:`"):
        parse_revocations("revocations: [")
