import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.key import command
from gateway.config.reading.entry_list import parse_time
from gateway.errors import ConfigError
from gateway.identity.api_keys.api_key import (
    RANDOM_BYTES,
    has_good_checksum,
    hash_key,
    key_id,
    make_key,
)
from gateway.identity.api_keys.api_key_file import ApiKeyEntry, dump_keys, parse_keys

Run = Callable[..., Result]

KEY = make_key(b"k" * RANDOM_BYTES)
ID = key_id(hash_key(KEY))
CONFIG = """
public_url: https://mcp.example.com
issuers: {corp: {issuer: "https://idp.example.com"}}
servers:
  files: {path: /files, upstream: "http://127.0.0.1:9000/mcp", allow: any}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.yaml"


@pytest.fixture
def run(path: Path) -> Run:
    def invoke(name: str, *arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(command, [name, "--file", str(path), *arguments], input=stdin)

    return invoke


def _entries(path: Path) -> list[ApiKeyEntry]:
    return list(parse_keys(path.read_text(encoding="utf-8")).values())


def _new(run: Run, *arguments: str) -> str:
    result = run("new", *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout.strip()


def _hold(path: Path, *entries: ApiKeyEntry) -> None:
    path.write_text(dump_keys(entries), encoding="utf-8")


def test_new_prints_the_key_once_and_says_so(run: Run, path: Path) -> None:
    result = run("new", "--subject", "ci", "--expires", "90d")

    key = result.stdout.removesuffix("\n")
    assert has_good_checksum(key)
    assert result.stderr == "mcpgw: keep it now, it is not shown again\n"
    assert key not in path.read_text(encoding="utf-8")


def test_new_keeps_what_the_flags_say(run: Run, path: Path) -> None:
    before = int(time.time())

    key = _new(
        run,
        *("--subject", "ci", "--scope", "b a", "--scope", "c", "--name", "Build server"),
        *("--group", "dev", "--group", "ops", "--role", "builder"),
        *("--server", "files", "--server", "mail", "--expires", "2100-01-01"),
    )

    (entry,) = _entries(path)
    assert (entry.hash, entry.subject, entry.name) == (hash_key(key), "ci", "Build server")
    assert entry.scopes == {"a", "b", "c"}
    assert (entry.groups, entry.roles) == (("dev", "ops"), ("builder",))
    assert entry.servers == {"files", "mail"}
    assert entry.expires_at == parse_time("2100-01-01T00:00:00Z")
    assert entry.created_at is not None
    assert before <= entry.created_at <= time.time()


def test_a_duration_counts_from_now(run: Run, path: Path) -> None:
    _new(run, "--subject", "ci", "--expires", "90d")

    (entry,) = _entries(path)

    assert entry.created_at is not None
    assert entry.expires_at == entry.created_at + 90 * 86400


def test_a_key_that_never_expires_gets_a_warning(run: Run) -> None:
    result = run("new", "--subject", "ci")

    assert "it never expires" in result.stderr


def test_new_as_json_tells_the_rest_too(run: Run) -> None:
    answer = json.loads(_new(run, "--subject", "ci", "--expires", "2100-01-01", "--json"))

    assert answer["id"] == key_id(hash_key(answer["key"]))
    assert (answer["subject"], answer["expires"]) == ("ci", "2100-01-01T00:00:00Z")


def test_new_keeps_the_other_entries(run: Run, path: Path) -> None:
    other = ApiKeyEntry(hash_key(KEY), "ada", client_id="laptop", groups=("dev",))
    _hold(path, other)

    key = _new(run, "--subject", "ci")

    assert [each.hash for each in _entries(path)] == [other.hash, hash_key(key)]
    assert _entries(path)[0] == other


def test_the_file_is_replaced_whole_and_for_its_owner_only(run: Run, path: Path) -> None:
    path.write_text("\n", encoding="utf-8")
    path.chmod(0o644)
    inode = path.stat().st_ino

    _new(run, "--subject", "ci")

    assert path.stat().st_ino != inode
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_changes_stays_with_its_owner(run: Run, path: Path) -> None:
    _hold(path)
    os.chown(path, 65532, -1)

    _new(run, "--subject", "ci")

    assert path.stat().st_uid == 65532


def test_a_link_stays_a_link(run: Run, path: Path) -> None:
    path.symlink_to("real.yaml")

    _new(run, "--subject", "ci")

    assert path.is_symlink()
    assert len(_entries(path)) == 1


def test_keys_that_are_made_at_once_are_all_kept(path: Path) -> None:
    words = [sys.executable, "-m", "gateway", "key", "new", "--file", str(path), "--subject", "ci"]

    running = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603  # ours
        for _ in range(4)
    ]
    made = [each.communicate(timeout=30)[0].decode().strip() for each in running]

    assert {each.hash for each in _entries(path)} == {hash_key(key) for key in made}


@pytest.mark.parametrize(
    "expires", ["soon", "2001-01-01", "0s", "90", "9999999d", "1" * 400 + "d", "-1d"]
)
def test_the_expiry_must_be_a_moment_to_come(run: Run, path: Path, expires: str) -> None:
    result = run("new", "--subject", "ci", "--expires", expires)

    assert result.exit_code == 2
    assert "--expires" in result.stderr
    assert not path.exists()


@pytest.mark.parametrize(
    "flags", [("--subject", ""), ("--subject", "c\ni"), ("--subject", "ci", "--scope", '"')]
)
def test_flags_that_make_no_entry_are_wrong_usage(
    run: Run, path: Path, flags: tuple[str, ...]
) -> None:
    result = run("new", *flags)

    assert (result.exit_code, result.stdout) == (2, "")
    assert not path.exists()


def test_a_file_that_the_gateway_would_not_read_is_not_written(run: Run, path: Path) -> None:
    _hold(path, ApiKeyEntry(hash_key(KEY), "a" * 2**20))
    before = path.read_bytes()

    result = run("new", "--subject", "ci")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "stays as it was: more than 1048576 bytes" in result.stderr
    assert path.read_bytes() == before


def test_a_failed_write_leaves_nothing_behind(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    _hold(path)
    monkeypatch.setattr("os.fsync", fail)

    result = run("new", "--subject", "ci")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "No space left on device" in result.stderr
    assert os.listdir(path.parent) == [path.name]


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    place = str(tmp_path / "nowhere" / "keys.yaml")

    result = CliRunner().invoke(command, ["new", "--subject", "ci", "--file", place])

    assert result.exit_code == 1
    assert f"{place}: No such file or directory." in result.stderr


@pytest.mark.parametrize("content", [b"keys: soon", b"\xff"])
def test_a_broken_file_is_a_bad_configuration_and_stays(
    run: Run, path: Path, content: bytes
) -> None:
    path.write_bytes(content)

    result = run("new", "--subject", "ci")

    assert isinstance(result.exception, ConfigError)
    assert path.read_bytes() == content


def test_list_shows_every_key_but_no_hash(run: Run, path: Path) -> None:
    full = ApiKeyEntry(
        hash_key(KEY),
        "ci",
        name="Build",
        scopes=frozenset({"b", "a"}),
        servers=frozenset({"files"}),
        created_at=0.0,
        expires_at=86400.0,
    )
    _hold(path, full, ApiKeyEntry("sha256:" + 64 * "b", "ada"))

    lines = [line.split("  ") for line in run("list").stdout.splitlines()]

    assert [[cell.strip() for cell in line if cell] for line in lines] == [
        ["ID", "SUBJECT", "NAME", "SCOPES", "SERVERS", "CREATED", "EXPIRES"],
        [
            ID,
            "ci",
            "Build",
            "a b",
            "files",
            "1970-01-01T00:00:00Z",
            "1970-01-02T00:00:00Z (expired)",
        ],
        [12 * "b", "ada", "all", "never"],
    ]


def test_list_as_json_is_a_list(run: Run, path: Path) -> None:
    _hold(path, ApiKeyEntry(hash_key(KEY), "ci", groups=("dev",)))

    (listed,) = json.loads(run("list", "--json").stdout)

    assert (listed["id"], listed["groups"], listed["expired"]) == (ID, ["dev"], False)


@pytest.mark.parametrize("words", [("list",), ("revoke", "ci"), ("check", KEY)])
def test_there_must_be_a_file(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)

    assert result.exit_code == 1
    assert "there is no such file" in result.stderr


def test_a_folder_is_no_file(run: Run, path: Path) -> None:
    path.mkdir()

    assert "Is a directory" in run("list").stderr


def test_revoke_by_id_takes_out_one(run: Run, path: Path) -> None:
    other = ApiKeyEntry("sha256:" + 64 * "b", "ci")
    _hold(path, ApiKeyEntry(hash_key(KEY), "ci"), other)

    result = run("revoke", ID)

    assert result.stdout == f"revoked 1 key: {ID}\n"
    assert _entries(path) == [other]


def test_revoke_by_subject_takes_out_all_of_it(run: Run, path: Path) -> None:
    _hold(path, ApiKeyEntry(hash_key(KEY), "ci"), ApiKeyEntry("sha256:" + 64 * "b", "ci"))

    result = run("revoke", "ci")

    assert result.stdout == f"revoked 2 keys: {ID}, {12 * 'b'}\n"
    assert _entries(path) == []


def test_revoke_of_nobody_changes_nothing(run: Run, path: Path) -> None:
    _hold(path, ApiKeyEntry(hash_key(KEY), "ci"))
    inode = path.stat().st_ino

    result = run("revoke", "ada")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "no key has this id or subject" in result.stderr
    assert path.stat().st_ino == inode


@pytest.mark.parametrize(("argument", "stdin"), [(KEY, None), ("-", f"{KEY}\n")])
def test_check_of_a_usable_key_is_0_and_never_prints_it(
    run: Run, path: Path, argument: str, stdin: str | None
) -> None:
    _hold(path, ApiKeyEntry(hash_key(KEY), "ci"))

    result = run("check", argument, stdin=stdin)

    report = json.loads(result.stdout)
    assert (result.exit_code, report["verdict"], report["id"]) == (0, "usable", ID)
    assert KEY not in result.output


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("opaque", "an API key begins with mcpgw_"),
        (KEY[:-1], "the checksum is wrong"),
        (make_key(b"o" * RANDOM_BYTES), "no key of the file"),
        (KEY, "expired at 1970-01-02T00:00:00Z"),
    ],
)
def test_check_of_another_key_is_1_and_says_why(
    run: Run, path: Path, key: str, complaint: str
) -> None:
    _hold(path, ApiKeyEntry(hash_key(KEY), "ci", expires_at=86400.0))

    result = run("check", "--json", key)

    assert (result.exit_code, json.loads(result.stdout)["verdict"]) == (1, "refused")
    assert complaint in result.stderr
    assert key not in result.output


def _run_with_config(folder: Path, text: str, *words: str) -> Result:
    config = folder / "config.yaml"
    config.write_text(text, encoding="utf-8")
    return CliRunner().invoke(command, [*words, "--config", str(config)])


def test_the_configuration_names_the_file_too(tmp_path: Path) -> None:
    config = CONFIG + "api_keys: {file: keys.yaml}\n"

    result = _run_with_config(tmp_path, config, "new", "--subject", "ci", "--server", "files")

    assert result.exit_code == 0, result.output
    assert len(_entries(tmp_path / "keys.yaml")) == 1


def test_a_server_must_be_one_of_the_configuration(tmp_path: Path) -> None:
    config = CONFIG + "api_keys: {file: keys.yaml}\n"

    result = _run_with_config(tmp_path, config, "new", "--subject", "ci", "--server", "fiels")

    assert result.exit_code == 2
    assert "no fiels among files" in result.stderr


def test_a_configuration_without_keys_needs_the_flag(tmp_path: Path) -> None:
    result = _run_with_config(tmp_path, CONFIG, "list")

    assert result.exit_code == 1
    assert "--file" in result.stderr
