from gateway.authserver.login.login_method import Person
from gateway.authserver.login.provider.grant import ProviderGrant

GRANT = ProviderGrant("https://idp.example", "refresh_token", 1.5, "secret")


def test_grant_is_read_as_it_was_written() -> None:
    person = GRANT.put_into(Person("ada"))

    assert ProviderGrant.parse(person.login) == GRANT


def test_person_of_another_method_has_none() -> None:
    assert ProviderGrant.parse(Person("ada").login) is None


def test_token_is_in_nothing_that_is_printed() -> None:
    assert "secret" not in repr(GRANT)
    assert "secret" not in repr(GRANT.put_into(Person("ada")))
    assert "secret" not in GRANT.digest
