import pytest

from gateway.authserver.accounts.password import (
    MAX_BYTES,
    RANDOM_BYTES,
    check_new_password,
    decoys,
    hash_password,
    is_password_hash,
    is_right_password,
    make_password,
    normal_password,
)

PASSWORD = "correct horse battery"  # noqa: S105  # an example
SALT, DIGEST = "c29tZXNhbHRzb21lc2FsdA", "A" * 43


def _hash(parameters: str = "m=65536,t=2,p=1", kind: str = "argon2id", version: int = 19) -> str:
    return f"${kind}$v={version}${parameters}${SALT}${DIGEST}"


def test_a_hash_fits_its_password_only() -> None:
    password_hash = hash_password(PASSWORD)

    assert is_password_hash(password_hash)
    assert PASSWORD not in password_hash
    assert is_right_password(password_hash, normal_password(PASSWORD))
    assert not is_right_password(password_hash, normal_password(PASSWORD + "!"))


@pytest.mark.parametrize(
    ("one", "other"), [("caf\u00e9", "cafe\u0301"), ("a b", "a\u00a0b"), ("a b", "a\u3000b")]
)
def test_keyboards_may_spell_a_password_in_their_way(one: str, other: str) -> None:
    """RFC 8265 §4.2."""
    assert normal_password(one) == normal_password(other)


def test_case_and_width_of_a_password_count() -> None:
    assert normal_password("Ab") != normal_password("ab") != normal_password("a\uff42")


@pytest.mark.parametrize("password", ["x" * (MAX_BYTES + 1), "\udc80" * 15])
def test_what_nobody_types_is_no_password(password: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        normal_password(password)


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("fourteen chars", "at least 15 characters"),
        ("abababababababab", "the same few"),
        ("AdaLovelace-secret", "contains the account's name"),
        ("x" * (MAX_BYTES + 1), "at most"),
    ],
)
def test_a_password_that_others_would_guess_is_refused(password: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        check_new_password(password, "adalovelace")


def test_a_good_password_is_taken_also_where_a_short_name_is_part_of_a_word() -> None:
    check_new_password(PASSWORD, "bat")


@pytest.mark.parametrize(
    "text",
    [
        _hash(kind="argon2i"),
        _hash(kind="argon2d"),
        _hash(version=16),
        _hash("m=4096,t=3,p=1"),
        _hash("m=2097152,t=1,p=4"),
        _hash("m=65536,t=99,p=1"),
        _hash("m=65536,t=0,p=1"),
        _hash("m=65536,t=2,p=64"),
        _hash() + "$",
        "$2b$12$" + "a" * 53,
        PASSWORD,
        "",
    ],
)
def test_weak_costly_and_other_hashes_are_refused(text: str) -> None:
    assert not is_password_hash(text)


def test_decoys_cost_what_the_hashes_cost_and_fit_nothing() -> None:
    other = _hash("m=19456,t=2,p=1")

    found = decoys([hash_password(PASSWORD), other, other])

    assert [each.rsplit("$", 2)[0] for each in found] == [
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$argon2id$v=19$m=65536,t=2,p=1",
    ]
    assert all(is_password_hash(each) for each in found)
    assert not any(is_right_password(each, normal_password(PASSWORD)) for each in found)


def test_without_accounts_there_is_a_decoy_all_the_same() -> None:
    assert decoys([]) == decoys([hash_password(PASSWORD)])


def test_a_made_up_password_is_good_and_can_be_read_aloud() -> None:
    password = make_password(bytes(range(RANDOM_BYTES)))

    check_new_password(password, "ada")
    assert [len(each) for each in password.split("-")] == [5] * 5
    assert password != make_password(bytes(range(1, RANDOM_BYTES + 1)))
    assert not set(password) & set("01ilou")


def test_a_made_up_password_needs_all_its_random_bytes() -> None:
    with pytest.raises(ValueError, match="expected 16"):
        make_password(b"few")
