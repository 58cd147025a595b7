"""Whether a token was issued to one client, as its provider says."""

import pytest

from gateway.config.issuer import AudienceCheck
from gateway.errors import IdentityUnavailable
from gateway.identity.verifiers.audience_check import was_issued_to
from tests.support.issuer_service import IssuerService, Scene
from tests.support.userinfo_service import CLIENT_ID, CLIENT_SECRET, TOKEN, serve_token_check
from tests.unit.identity.conftest import Asking


def _settings(url: str, **changes: object) -> AudienceCheck:
    given = {"url": url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return AudienceCheck.model_validate(given | changes)


@pytest.mark.requirement("9")
@pytest.mark.parametrize(
    ("issued_to", "token", "expected"),
    [
        (CLIENT_ID, TOKEN, True),
        ("Iv1.another", TOKEN, False),
        (CLIENT_ID.upper(), TOKEN, False),
        (CLIENT_ID, "unknown", False),
    ],
)
async def test_only_a_token_of_this_client_passes(
    service: IssuerService, asking: Asking, issued_to: str, token: str, expected: bool
) -> None:
    settings = _settings(serve_token_check(service, issued_to))

    assert await was_issued_to(settings, asking.provider, token) is expected


async def test_the_token_is_posted_as_json(service: IssuerService, asking: Asking) -> None:
    url = serve_token_check(service, CLIENT_ID)

    await was_issued_to(_settings(url), asking.provider, TOKEN)

    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", f"/applications/{CLIENT_ID}/token")
    assert asked.json == {"access_token": TOKEN}
    assert asked.headers["Accept"] == "application/json"


async def test_a_client_id_stays_one_segment_of_the_path(
    service: IssuerService, asking: Asking
) -> None:
    settings = _settings(f"{service.url}/apps/{{client_id}}/token", client_id="a/../b?c")
    service.scenes["/apps/a%2F..%2Fb%3Fc/token"] = Scene({"app": {"client_id": "a/../b?c"}})

    assert await was_issued_to(settings, asking.provider, TOKEN)


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        (Scene({"client": "x"}), False),
        (Scene({"owner": [CLIENT_ID]}), False),
        (Scene({"owner": CLIENT_ID}), True),
        (Scene({"owner": CLIENT_ID}, 404), False),
        (Scene({"owner": CLIENT_ID}, 422), False),
    ],
)
async def test_the_answer_is_read_at_the_configured_claim(
    service: IssuerService, asking: Asking, scene: Scene, expected: bool
) -> None:
    service.scenes["/check"] = scene
    settings = _settings(f"{service.url}/check", claim="owner")

    assert await was_issued_to(settings, asking.provider, TOKEN) is expected


@pytest.mark.requirement("9", "122")
@pytest.mark.parametrize(
    "scene",
    [
        Scene({"app": {"client_id": CLIENT_ID}}, 201),
        Scene(status=302, headers={"Location": "/elsewhere"}),
        Scene(status=401),
        Scene(status=403),
        Scene(status=429),
        Scene(status=500),
        Scene([CLIENT_ID]),
        Scene(b"<html>welcome</html>"),
    ],
)
async def test_no_sensible_answer_is_no_verdict(
    service: IssuerService, asking: Asking, scene: Scene
) -> None:
    service.scenes["/check"] = scene

    with pytest.raises(IdentityUnavailable):
        await was_issued_to(_settings(f"{service.url}/check"), asking.provider, TOKEN)


@pytest.mark.requirement("124")
async def test_the_secret_follows_no_redirect(service: IssuerService, asking: Asking) -> None:
    service.scenes["/check"] = Scene(status=307, headers={"Location": "/elsewhere"})

    with pytest.raises(IdentityUnavailable):
        await was_issued_to(_settings(f"{service.url}/check"), asking.provider, TOKEN)

    assert service.count("/elsewhere") == 0
