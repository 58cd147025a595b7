"""Puts an authorization server together from its section of the configuration."""

from gateway.authserver.clients.known import build_known_clients
from gateway.authserver.device.device_codes import DeviceCodes
from gateway.authserver.flows.browser import Browsers
from gateway.authserver.flows.consents import ConsentEnds, Consents
from gateway.authserver.foundation import Foundation
from gateway.authserver.grants.grants import GrantParts, build_grants
from gateway.authserver.grants.identity_assertions import IdentityAssertions
from gateway.authserver.login.login_method import LoginSite
from gateway.authserver.sealed_values import SealedValues
from gateway.authserver.server import CALLBACK, LOGIN, TOKEN, AuthorizationServer, endpoint_url
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.sealing.seal import Seal


def build_authorization_server(settings: Settings, on: Foundation) -> AuthorizationServer:
    """Build the server; nothing is opened and nothing runs in the background."""
    issuer = on.signer.issuer
    sealed = SealedValues(Seal(on.key), issuer)
    token_url = endpoint_url(issuer, TOKEN)
    parts = GrantParts(on.signer, sealed, on.store, on.void_tokens, token_url, on.clocks)
    site = LoginSite(
        endpoint_url(issuer, LOGIN),
        endpoint_url(issuer, CALLBACK),
        on.resources.title,
        on.steps,
        on.clocks,
        on.brand,
    )
    grants = build_grants(settings, parts)
    ends = ConsentEnds(grants.families.has_ended, on.is_revoked)
    return AuthorizationServer(
        issuer=issuer,
        resources=on.resources,
        known=build_known_clients(settings, sealed, on.key, on.documents),
        login=on.login(site, sealed),
        grants=grants,
        sealed=sealed,
        store=on.store,
        steps=on.steps,
        browsers=Browsers(issuer),
        assertions=IdentityAssertions(on.store, grants.tokens, on.resources),
        consents=Consents(sealed, issuer, settings.remember_consent, ends),
        clocks=on.clocks,
        address_of=on.address_of,
        devices=DeviceCodes(sealed, on.store, on.clocks) if settings.device_login else None,
        brand=on.brand,
        scope_descriptions=settings.scope_descriptions,
    )
