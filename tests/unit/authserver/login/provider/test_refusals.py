from gateway.authserver.login.provider.refusals import bad_id_token, login_refused
from gateway.authserver.login.provider.response import ProviderRefusal
from gateway.identity.reasons import refused


def test_refusal_says_what_the_provider_says() -> None:
    error = login_refused(ProviderRefusal("access_denied", "ask your admin"))

    assert error.description.endswith("It says: access_denied: ask your admin")
    assert error.reason == "provider_refused"


def test_bad_id_token_is_named_by_its_reason() -> None:
    error = bad_id_token(refused("wrong_audience"))

    assert "wrong audience" in error.description
    assert error.reason == "provider_id_token"
