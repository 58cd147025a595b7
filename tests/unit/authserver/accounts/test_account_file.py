import pytest

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import AccountList, dump_accounts, parse_accounts

HASH = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43
ADA = Account(
    "Ada",
    "ada-1",
    HASH,
    "ada@example.com",
    "Ada Lovelace",
    ("dev", "ops"),
    True,
    1_798_761_600.0,
    "sealed",
)  # fmt: skip


def _complaint(members: str) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_accounts(f"accounts:\n- name: ada\n  password_hash: {HASH}\n  {members}\n")
    return str(caught.value)


def test_what_is_written_is_read() -> None:
    bob = Account("bob", "bob", HASH)

    accounts = parse_accounts(dump_accounts([ADA, bob]))

    assert accounts.by_name == {"ada": ADA, "bob": bob}
    assert accounts.by_subject == {"ada-1": ADA, "bob": bob}
    assert len(accounts.decoys) == 1


def test_the_subject_is_the_name_where_none_is_given() -> None:
    (account,) = parse_accounts(
        f"accounts: [{{name: Ada, password_hash: '{HASH}'}}]"
    ).by_name.values()

    assert account == Account("Ada", "Ada", HASH)


def test_no_accounts_are_an_empty_list() -> None:
    assert parse_accounts("accounts: []") == AccountList()


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ("email: ada", "email: expected an address"),
        ("groups: dev", "groups: expected a list"),
        ("disabled: 1", "disabled: expected true or false"),
        ("code_secret:", "code_secret: expected text"),
        ("password_set: today", "password_set: expected a time"),
        ("password: hunter2", "unknown, known are name, subject, password_hash"),
    ],
)
def test_mistakes_are_told_without_what_stands_there(members: str, complaint: str) -> None:
    told = _complaint(members)

    assert f"line 4: account 1: {complaint}" in told
    assert "hunter2" not in told


def test_a_password_in_the_place_of_its_hash_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="mcpgw user add writes") as caught:
        parse_accounts("accounts: [{name: ada, password_hash: hunter2}]")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("other", "member"),
    [(Account("ADA", "x", HASH), "name"), (Account("bob", "ada-1", HASH), "subject")],
)
def test_nobody_can_be_taken_for_somebody_else(other: Account, member: str) -> None:
    with pytest.raises(ValueError, match=f"account 2: {member}: the same as of an entry above"):
        parse_accounts(dump_accounts([ADA, other]))


def test_hashes_are_not_shown() -> None:
    assert HASH not in repr(ADA)
