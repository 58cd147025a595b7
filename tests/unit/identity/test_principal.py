"""Who is calling, and whose things are."""

import pytest

from gateway.identity.principal import Principal, owner_of


@pytest.mark.requirement("S7")
def test_what_is_somebodys_is_not_that_of_another_user_of_the_client() -> None:
    ada, eve = (Principal("https://i", name, client_id="cli") for name in ("ada", "eve"))

    assert owner_of(ada) == ("https://i", "ada", "cli")
    assert owner_of(ada) != owner_of(eve)


def test_without_a_client_or_a_token_less_is_known() -> None:
    assert owner_of(Principal("https://i", "ada")) == ("https://i", "ada")
    assert owner_of(None) == ()
