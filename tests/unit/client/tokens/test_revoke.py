from dataclasses import replace

import pytest

from gateway.client.failure import ClientFailure
from gateway.client.tokens.revoke import revoke
from gateway.client.web import Web
from tests.support.issuer_service import IssuerService, Scene
from tests.unit.client.tokens.test_logins import BARE, LOGIN


async def test_refresh_token_goes_first() -> None:
    """RFC 7009 §2.1."""
    async with IssuerService({"/revoke": Scene(b"")}) as service, Web() as web:
        await revoke(web, replace(LOGIN, revocation_endpoint=f"{service.url}/revoke"))

    asked = [(each.form["token_type_hint"], each.form["token"]) for each in service.asked]
    assert asked == [("refresh_token", "refresh"), ("access_token", "access")]


async def test_token_that_cannot_be_revoked_alone_is_no_failure() -> None:
    """RFC 7009 §2.2.1."""
    scene = Scene({"error": "unsupported_token_type"}, 400)
    async with IssuerService({"/revoke": scene}) as service, Web() as web:
        await revoke(web, replace(BARE, revocation_endpoint=f"{service.url}/revoke"))

    assert service.count("/revoke") == 1


async def test_issuer_that_does_not_revoke_is_told() -> None:
    async with IssuerService({"/revoke": Scene({}, 503)}) as service, Web() as web:
        with pytest.raises(ClientFailure, match="did not revoke the refresh_token: status 503"):
            await revoke(web, replace(LOGIN, revocation_endpoint=f"{service.url}/revoke"))
        with pytest.raises(ClientFailure, match="offers no revocation"):
            await revoke(web, BARE)
