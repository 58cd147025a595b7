from urllib.parse import parse_qs, urlsplit

from gateway.authserver.login.provider.request import LoginSecrets, build_login_url
from gateway.config.login.provider import LoginProvider

KEY = bytes(32)
ISSUER = "https://idp.example"
SECRETS = LoginSecrets.derive(KEY, ISSUER, "state")
FIXED = {"redirect_uri": "https://mcp.example/authorize/callback", "state": "state"}


def settings(**changes: object) -> LoginProvider:
    known = {"issuer": ISSUER, "client_id": "c", "client_secret": "s"}
    return LoginProvider.model_validate(known | changes)


def test_secrets_differ_with_each_request_issuer_and_key() -> None:
    others = [
        LoginSecrets.derive(KEY, ISSUER, "another"),
        LoginSecrets.derive(KEY, ISSUER + "/", "state"),
        LoginSecrets.derive(bytes(31) + b"1", ISSUER, "state"),
    ]

    values = [value for each in (SECRETS, *others) for value in (each.code_verifier, each.nonce)]
    assert len(set(values)) == 8
    assert LoginSecrets.derive(KEY, ISSUER, "state") == SECRETS


def test_secrets_are_not_in_what_is_printed() -> None:
    assert repr(SECRETS) == "LoginSecrets()"


def test_query_of_the_endpoint_stays_and_its_fragment_goes() -> None:
    url = build_login_url(settings(), "https://idp.example/auth?p=1#x", FIXED, SECRETS)

    assert parse_qs(urlsplit(url).query)["p"] == ["1"]
    assert urlsplit(url).fragment == ""


def test_further_parameters_are_added_and_replace_none() -> None:
    provider = settings(parameters={"access_type": "offline", "state": "forged"})

    asked = parse_qs(urlsplit(build_login_url(provider, ISSUER, FIXED, SECRETS)).query)

    assert asked["access_type"] == ["offline"]
    assert asked["state"] == ["state"]


def test_pkce_and_nonce_are_left_out_where_the_provider_has_none() -> None:
    provider = settings(pkce=False, nonce=False)

    asked = parse_qs(urlsplit(build_login_url(provider, ISSUER, FIXED, SECRETS)).query)

    assert asked.keys().isdisjoint({"nonce", "code_challenge", "code_challenge_method"})
