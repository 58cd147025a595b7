from gateway.authserver.clients.client import Client


def test_client_without_authentication_is_public() -> None:
    assert Client("one", "registered").is_public
    assert not Client("two", "configured", auth_method="client_secret_post").is_public
