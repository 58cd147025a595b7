"""From YAML to a configuration, or to every mistake at once."""

from pathlib import Path

import pytest

from gateway.config.load import config_from_flags, load_config, review_file
from gateway.errors import ConfigError
from tests.unit.config.samples import SHORT, review

BAD = """\
public_url: https://mcp.example.com/
issuers:
  corp: {issuer: "https://idp.example.com", algoritms: [RS256]}
servers:
  a:
    upstream: {urll: x}
    timeouts: {connect: 30}
    timeouts: {connect: 5s}
    allow: everybody
"""


def test_all_mistakes_are_reported_at_once_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD, encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        load_config(path, {})

    places = [line.split(": ")[0] for line in str(refused.value).splitlines() if "bad.yaml" in line]
    found = [place.removeprefix(str(path)) for place in places]
    assert found == [":1:1", ":3:45", ":6:5", ":6:16", ":7:16", ":8:5", ":9:5"]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("version: 1\n" + SHORT, encoding="utf-8")

    config = load_config(path, {})

    assert config.servers["mcp"].allow == "any"
    assert config.state_dir == tmp_path / ".mcpgw"


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        review_file(tmp_path / "nope.yaml", {})


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        review_file(tmp_path / "x", {})


@pytest.mark.parametrize("text", ["", "- a\n", "x\n"])
def test_what_has_no_keys_is_refused(text: str) -> None:
    assert review(text).problems[0].message == "expected keys such as `upstream:`"


def test_flags_alone_are_a_configuration() -> None:
    flags = config_from_flags(
        upstream="http://127.0.0.1:9000/mcp",
        issuer="https://idp.example.com",
        public_url="https://mcp.example.com",
    )

    assert flags.servers == (review(SHORT).config or flags).servers


def test_bad_flags_are_refused_like_a_bad_file() -> None:
    with pytest.raises(ConfigError, match="command line:1:1: public_url"):
        config_from_flags(upstream="http://a", issuer="local", public_url="nonsense")
