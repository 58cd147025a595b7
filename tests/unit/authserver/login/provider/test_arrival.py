import pytest

from gateway.authserver.login.provider.grant import ProviderGrant
from tests.support.authorization_server import NOW, Site
from tests.support.login_pages import PersonsBrowser
from tests.support.login_provider import HandProvider
from tests.unit.authserver.login.provider.test_recheck import logged_in


@pytest.mark.parametrize(
    ("given", "kind"), [({}, "refresh_token"), ({"refresh_token": None}, "nothing")]
)
async def test_login_remembers_what_the_provider_gave(
    site: Site,
    browser: PersonsBrowser,
    provider: HandProvider,
    given: dict[str, object],
    kind: str,
) -> None:
    provider.answer = given
    client, token = await logged_in(site, browser, provider)

    told = site.server.grants.refresh_tokens.open(token, client.client_id, NOW)

    assert told is not None
    grant = ProviderGrant.parse(told.family.person.login)
    assert grant is not None
    assert (grant.kind, grant.issuer, grant.checked_at) == (kind, provider.issuer, NOW)
