"""The file of local accounts: names and hashes, never a password. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.authserver.accounts.account import Account, fold_name, is_account_name
from gateway.authserver.accounts.password import decoys, is_password_hash
from gateway.config.email_address import check_email
from gateway.config.reading.entry_list import (
    EntryReader,
    ListForm,
    dump_entries,
    format_time,
    parse_entries,
)

_MEMBERS = (
    "name", "subject", "password_hash", "email", "display_name", "groups", "disabled",
    "password_set", "code_secret",
)  # fmt: skip
_FORM = ListForm("accounts", "account", _MEMBERS)


@dataclass(frozen=True, slots=True)
class AccountList:
    """What the file says: accounts by folded name and by subject, and hashes of nobody."""

    by_name: Mapping[str, Account] = field(default_factory=dict)
    by_subject: Mapping[str, Account] = field(default_factory=dict)
    decoys: tuple[str, ...] = decoys(())


def parse_accounts(text: str) -> AccountList:
    """Read the file. Raises ValueError as `parse_entries` does, for doubled accounts too."""
    names: set[str] = set()
    subjects: set[str] = set()

    def read(reader: EntryReader) -> Account:
        account = _read(reader)
        for name, value, seen in (
            ("name", fold_name(account.name), names),
            ("subject", account.subject, subjects),
        ):
            if value in seen:
                reader.complain(name, "the same as of an entry above")
            seen.add(value)
        return account

    accounts = parse_entries(text, _FORM, read)
    return AccountList(
        {fold_name(each.name): each for each in accounts},
        {each.subject: each for each in accounts},
        decoys(each.password_hash for each in accounts),
    )


def dump_accounts(accounts: Iterable[Account]) -> str:
    """Write the file; empty members are left out."""
    return dump_entries(_FORM.heading, map(_dump, accounts))


def _read(reader: EntryReader) -> Account:
    name = reader.required("name", is_account_name, "expected the name that the person types")
    return Account(
        name,
        reader.text("subject") or name,
        reader.required("password_hash", is_password_hash, "expected what mcpgw user add writes"),
        _email(reader),
        reader.text("display_name"),
        tuple(reader.texts("groups")),
        reader.flag("disabled"),
        reader.time("password_set"),
        # Empty is a mistake: who needs a code must not come to need none by a slip.
        reader.text("code_secret"),
    )


def _email(reader: EntryReader) -> str | None:
    email = reader.text("email")
    if email is None:
        return None
    try:
        return check_email(email)
    except ValueError:
        reader.complain("email", "expected an address such as ada@example.com; or leave it out")
        return None


def _dump(account: Account) -> Mapping[str, object]:
    set_at = account.password_set_at
    return {
        "name": account.name,
        "subject": None if account.subject == account.name else account.subject,
        "email": account.email,
        "display_name": account.display_name,
        "groups": list(account.groups),
        "disabled": account.disabled,
        "password_hash": account.password_hash,
        "password_set": None if set_at is None else format_time(set_at),
        "code_secret": account.code_secret,
    }
