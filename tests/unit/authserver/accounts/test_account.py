import pytest

from gateway.authserver.accounts.account import MAX_NAME_CHARS, fold_name, is_account_name


@pytest.mark.parametrize("typed", ["ada", "Ada", " ADA ", "\uff41da"])
def test_names_are_compared_as_people_mean_them(typed: str) -> None:
    assert fold_name(typed) == "ada"


@pytest.mark.parametrize("name", ["ada", "ada@example.com", "Ada Lovelace", "名前"])
def test_a_name_is_what_can_be_typed(name: str) -> None:
    assert is_account_name(name)


@pytest.mark.parametrize("name", ["", " ada", "ada ", "a\nb", "a\x00", "a" * (MAX_NAME_CHARS + 1)])
def test_anything_else_is_no_name(name: str) -> None:
    assert not is_account_name(name)
