"""The `*_file` twin of every secret."""

from pathlib import Path

import pytest

from gateway.config.issuer import ClientAuthentication
from gateway.config.reading.secret_files import SECRETS
from tests.unit.config.samples import SHORT, review


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("00" * 32 + "\n", encoding="utf-8")

    config = review(SHORT + "sealing_key_file: key\n", tmp_path).config

    assert config is not None
    assert config.sealing_key == bytes(32)


def test_both_at_once_are_refused(tmp_path: Path) -> None:
    found = review(SHORT + f"sealing_key: {'00' * 32}\nsealing_key_file: key\n", tmp_path).problems

    assert [each.message for each in found] == ["give either sealing_key or sealing_key_file"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (problem,) = review(SHORT + "sealing_key_file: nope\n", tmp_path).problems

    assert problem.message.endswith("nope: No such file or directory")


def test_a_path_is_text(tmp_path: Path) -> None:
    assert review(SHORT + "sealing_key_file: [a]\n", tmp_path).problems[0].message == (
        "expected the path of a file"
    )


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff")

    assert "not UTF-8" in review(SHORT + "sealing_key_file: key\n", tmp_path).problems[0].message


def of_issuer(section: str) -> str:
    """A configuration whose issuer has one more section, in flow style."""
    issuer = f"{{issuer: 'https://idp.example.com', {section}}}"
    server = "{upstream: 'http://127.0.0.1:9000', allow: any}"
    return f"public_url: https://a.example\nissuers: {{corp: {issuer}}}\nservers: {{a: {server}}}\n"


def test_every_section_with_a_secret_is_known() -> None:
    assert set(SECRETS) >= {
        ("sealing_key",),
        ("admin", "token"),
        ("store", "password"),
        ("issuers", "*", "introspection", "client_secret"),
        ("issuers", "*", "userinfo", "audience_check", "client_secret"),
        ("issuers", "*", "group_lookup", "credentials", "client_secret"),
        ("servers", "*", "upstream", "credential", "client_credentials", "client_secret"),
        ("servers", "*", "upstream", "credential", "token_exchange", "client_secret"),
    }


def test_a_secret_deep_in_the_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\r\n", encoding="utf-8")
    section = "introspection: {client_id: g, client_secret_file: secret}"

    config = review(of_issuer(section), tmp_path).config

    assert config is not None
    introspection = config.issuers["corp"].introspection
    assert isinstance(introspection, ClientAuthentication)
    assert introspection.client_secret is not None
    assert introspection.client_secret.get_secret_value() == "hunter2"


def test_a_mistake_deep_in_the_file_is_shown_where_it_is(tmp_path: Path) -> None:
    section = "introspection: {client_id: g, client_secret_file: nope}"

    (problem,) = review(of_issuer(section), tmp_path).problems

    assert problem.path == ("issuers", "corp", "introspection", "client_secret_file")
    assert problem.place.line == 2


@pytest.mark.parametrize("size", [0, 64 * 1024 + 1])
def test_a_file_without_a_secret_or_with_something_else_is_refused(
    size: int, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(b"x" * size)
    section = "introspection: {client_id: g, client_secret_file: secret}"

    found = review(of_issuer(section), tmp_path)

    assert found.config is None
    assert "introspection" in found.report()


@pytest.mark.parametrize("section", ["introspection: 7", "introspection: [a]", "userinfo: {}"])
def test_sections_of_another_shape_are_left_to_the_model(section: str, tmp_path: Path) -> None:
    assert review(of_issuer(section), tmp_path).config is None
