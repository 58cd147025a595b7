"""From YAML to a configuration, or to every mistake at once."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path as FilePath

import pytest
import yaml

from gateway.config.annotations import section_at
from gateway.config.load import config_from_flags, load_config, review_file, review_text
from gateway.config.model import Config
from gateway.config.reading.problems import Path, path_text
from gateway.config.section import Section
from gateway.errors import ConfigError
from tests.unit.config.samples import FULL, SHORT, review

MAX_DEPTH = 8
LIBRARY = re.compile(
    r"Input|input|instance|pydantic|valid(?!ated)|dictionary|tuple|frozenset|NoneType|union|tag"
    r"|this value does not fit"
)

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


def test_all_mistakes_are_reported_at_once_with_their_places(tmp_path: FilePath) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD, encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        load_config(path, {})

    places = [line.split(": ")[0] for line in str(refused.value).splitlines() if "bad.yaml" in line]
    found = [place.removeprefix(str(path)) for place in places]
    assert found == [":1:1", ":3:45", ":6:16", ":6:16", ":7:16", ":8:5", ":9:5"]


def test_a_good_file_is_read(tmp_path: FilePath) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("version: 1\n" + SHORT, encoding="utf-8")

    config = load_config(path, {})

    assert config.servers["mcp"].allow == "any"
    assert config.state_dir == tmp_path / ".mcpgw"


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: FilePath) -> None:
    with pytest.raises(ConfigError, match="--config"):
        review_file(tmp_path / "nope.yaml", {})


def test_a_file_that_is_no_text_is_refused(tmp_path: FilePath) -> None:
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
        allow="any",
    )

    assert flags.servers == (review(SHORT).config or flags).servers


def test_bad_flags_are_refused_like_a_bad_file() -> None:
    with pytest.raises(ConfigError, match="command line:1:1: public_url"):
        config_from_flags(upstream="http://a", issuer="local", public_url="nonsense", allow="any")


def test_flags_that_are_no_yaml_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"--allow: "):
        config_from_flags(
            upstream="http://a", issuer="local", public_url="http://127.0.0.1", allow="{groups: ["
        )


@pytest.mark.requirement("U6")
@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (SHORT.replace("upstream", "upstraem"), "upstraem", "did you mean 'upstream'?"),
        (SHORT.replace("issuer", "isuer"), "isuer", "did you mean 'issuer'?"),
        (SHORT.replace("upstream", "#"), "upstream", "this key is needed"),
        (SHORT.replace("issuer", "#"), "issuer", "this key is needed"),
        (
            "public_url: https://a.example\nissuer: https://b.example",
            "upstream",
            "this key is needed",
        ),
        (SHORT.replace("https://idp.example.com", "${env:X}"), "issuer", "variable X is not set"),
        (SHORT.replace("https://mcp.example.com", "${env:X}"), "public_url", "X is not set"),
        (
            SHORT.replace("https://mcp.example.com", "${env:X}").replace(
                "https://idp.example.com", "local"
            ),
            "public_url",
            "X is not set",
        ),
        (SHORT.replace("any", "{emails: ['${env:X}']}"), "allow.emails[0]", "X is not set"),
        (SHORT + "listen: [a]", "listen", 'expected an address such as "127.0.0.1:8080"'),
        (SHORT + "listen: {host: a, port: 1}", "listen", "expected an address such as"),
        (SHORT + "listen: 8080", "listen", "expected an address such as"),
        (SHORT + "admin: 127.0.0.1:9090", "admin", 'write {listen: "127.0.0.1:9090"}'),
        (SHORT + "tls: cert.pem", "tls", "expected keys below this one: cert_file, key_file"),
        (SHORT + "revocations: [a]", "revocations", "expected keys below this one: file"),
        (SHORT + "trusted_proxies: [5x]", "trusted_proxies[0]", "a network such as"),
        (SHORT + "log: {level: inof}", "log.level", "expected debug, info, warning or error"),
        (SHORT + "shutdown: {drain: 5}", "shutdown.drain", "expected a duration"),
        (SHORT + "limits: {connections: 0}", "limits.connections", "expected at least 1, got 0"),
        (
            FULL.replace('issuer: "h', 'clock_skew: 10m, issuer: "h'),
            "issuers.default.clock_skew",
            "expected at most 5m, got 10m",
        ),
        (
            FULL.replace('issuer: "h', 'insecure_http: 3, issuer: "h').replace("https", "http"),
            "issuers.default.insecure_http",
            "expected true or false",
        ),
        ("public_url: a\n\tlisten: b", "", "a tab stands here: YAML is indented with spaces only"),
        ("listen:\n\tb", "", "a tab stands here: YAML is indented with spaces only"),
    ],
)
def test_one_mistake_is_told_once_where_it_stands(text: str, path: str, message: str) -> None:
    known = [each for each in review(text).problems if "plain http" not in each.message]

    assert [path_text(each.path) for each in known] == [path]
    assert message in known[0].message


def _put(document: dict[str, object], path: Path, value: object) -> None:
    here: object = document
    for part, below in pairwise(path):
        empty: object = [] if below == 0 else {}
        if isinstance(here, dict):
            here = here.setdefault(part, empty)
        elif isinstance(here, list):
            here.append(empty)
            here = empty
    if isinstance(here, dict):
        here[path[-1]] = value


def _places(section: type[Section], path: Path) -> Iterator[Path]:
    for key in section.model_fields:
        yield (*path, key)
        for more in ((), ("a",), (0,), ("a", 0)):
            inner = section_at(Config, (*path, key, *more))
            if inner not in (None, section) and len(path) < MAX_DEPTH:
                yield from _places(inner, (*path, key, *more))
                break


@pytest.mark.requirement("U6")
@pytest.mark.parametrize("value", [5, -1.5, "x", "9999999d", [], [[]], {}, {"x": {}}, None, True])
def test_no_wrong_value_is_answered_in_the_words_of_the_library(value: object) -> None:
    for path in _places(Config, ()):
        document: dict[str, object] = {}
        _put(document, path, value)

        for problem in review(yaml.safe_dump(document)).problems:
            assert not LIBRARY.search(problem.message), (path, problem)


@pytest.mark.requirement("A20")
@pytest.mark.parametrize(
    "line",
    [
        "public_url: ${file:secret}",
        "listen: ${file:secret}",
        "trusted_proxies: ['${file:secret}']",
        "default_server: ${file:secret}",
        "admin: ${file:secret}",
        "log: {level: '${file:secret}'}",
        "state_dir: x\nlistten: ${file:secret}",
        "store: {url: 'redis://${file:secret}@host/x y'}",
        "public_url: 'https://${env:SECRET}/'",
        "sealing_key_file: secret",
        "admin: {tokn: hunter2-and-more}",
        "pasword: hunter2-and-more",
        "pasword hunter2-and-more",
    ],
)
def test_no_complaint_repeats_what_a_file_or_a_secret_holds(line: str, tmp_path: FilePath) -> None:
    (tmp_path / "secret").write_text("Hunter2-and-more\nHunter2-and-more\n", encoding="utf-8")
    kept = "\n".join(each for each in SHORT.splitlines() if each[:6] != line[:6])
    environ = {"SECRET": "Hunter2-and-more"}

    found = review_text(f"{kept}\n{line}\n", tmp_path, environ, "config.yaml")

    assert found.problems
    assert "hunter2" not in found.report().lower()
    assert "hunter2" not in "".join(each.message for each in found.problems).lower()


def test_a_short_word_of_the_environment_leaves_the_advice_as_it_is(tmp_path: FilePath) -> None:
    text = SHORT.replace("https://mcp.example.com", "${env:NAME}")

    (problem,) = review_text(text, tmp_path, {"NAME": "mcp"}, "config.yaml").problems

    assert problem.message == 'expected a URL such as "https://mcp.example.com", got ${env:NAME}'
