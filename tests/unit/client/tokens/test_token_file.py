import fcntl
import os
from pathlib import Path

import pytest

from gateway.client.failure import ClientFailure
from gateway.client.tokens import token_file
from gateway.client.tokens.logins import with_login
from gateway.client.tokens.token_file import TokenFile, state_folder
from tests.unit.client.tokens.test_logins import LOGIN


def test_folder_is_where_programs_keep_state(tmp_path: Path) -> None:
    """XDG Base Directory: a relative path counts as none."""
    home = Path.home() / ".local" / "state" / "mcpgw"

    assert state_folder({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "mcpgw"
    assert state_folder({"XDG_STATE_HOME": "state"}) == home
    assert state_folder({}) == home


def test_what_is_stored_is_read(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "mcpgw")

    assert file.read() == ()
    file.change(lambda logins: with_login(logins, LOGIN))

    assert file.read() == [LOGIN]
    assert not list(tmp_path.glob("mcpgw/.tokens-*"))


def test_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.change(lambda logins: with_login(logins, LOGIN))
    file.path.chmod(0o640)

    with pytest.raises(ClientFailure, match="run `chmod 600 "):
        file.read()


def test_file_that_cannot_be_read_stays_as_it_is(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.path.write_text("{}")
    file.path.chmod(0o600)

    with pytest.raises(ClientFailure, match="move it away"):
        file.change(lambda logins: with_login(logins, LOGIN))
    assert file.path.read_text() == "{}"


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")

    with pytest.raises(ClientFailure, match="state"):
        TokenFile(tmp_path / "state").change(lambda logins: logins)


def test_change_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.path.mkdir()  # nothing can take its place

    with pytest.raises(ClientFailure):
        file.change(lambda logins: logins)
    assert not list(tmp_path.glob(".tokens-*"))


def test_one_at_a_time_renews_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = TokenFile(tmp_path)
    monkeypatch.setattr(token_file, "LOCK_LIMIT_S", 0.0)

    with file.exchanging(LOGIN.key):
        with pytest.raises(ClientFailure, match="another mcpgw"), file.exchanging(LOGIN.key):
            pass
        with file.exchanging(("https://other.example", LOGIN.resource)):
            pass
    with file.exchanging(LOGIN.key):
        pass


def test_lock_of_a_process_that_died_is_free(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    with file.exchanging(LOGIN.key):
        pass
    (lock,) = tmp_path.glob("*.lock")

    handle = os.open(lock, os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.close(handle)  # as the system does at the end of a process

    with file.exchanging(LOGIN.key):
        pass
