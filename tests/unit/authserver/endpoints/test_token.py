import asyncio
import base64
import json

import pytest

from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.config.authorization_server import ConfiguredClient
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.login_pages import OAuthClient, PersonsBrowser

MACHINE = ConfiguredClient.model_validate(
    {"client_secret": "s" * 32, "grants": ["client_credentials"], "name": "Machine"}
)
DESK = ConfiguredClient.model_validate({"redirect_uris": ["http://127.0.0.1/cb"]})


def claims_of(token: object) -> dict[str, object]:
    payload = str(token).split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "==")))


async def code_of(site: Site, browser: PersonsBrowser, **changes: str) -> tuple[OAuthClient, str]:
    client = await site.registered()
    page = await browser.log_in(client.authorize_url(**changes))
    return client, page.answer["code"]


@pytest.mark.requirement("59", "63", "92", "135", "143")
async def test_access_token_is_a_short_lived_jwt_for_the_one_resource(
    site: Site, browser: PersonsBrowser
) -> None:
    """RFC 9068 §2."""
    client, code = await code_of(site, browser, resource=f"{site.issuer}/mcp/")

    status, answer = await client.exchange(code, resource=f"{site.issuer}/mcp")

    claims = claims_of(answer["access_token"])
    assert status == 200
    assert claims["iss"] == site.issuer
    assert claims["aud"] == f"{site.issuer}/mcp"
    assert claims["sub"] == "ada"
    assert claims["client_id"] == client.client_id
    assert claims["scope"] == answer["scope"] == "mcp:read"
    assert claims["email"] == "ada@example.com"
    assert claims["groups"] == ["dev"]
    assert claims["exp"] == claims["iat"] + 3600  # type: ignore[operator]  # numbers
    assert answer["expires_in"] == 3600


@pytest.mark.requirement("135")
async def test_answers_are_kept_out_of_caches_and_browser_clients_may_read_them(
    site: Site, browser: PersonsBrowser
) -> None:
    client, code = await code_of(site, browser)
    form = {"code_verifier": client.challenge.verifier, "grant_type": "authorization_code"}

    _, _, good = await client.post("/token", None, code=code, **form)
    _, _, bad = await client.post("/token", None, code="x", **form)

    for headers in (good, bad):
        assert headers["Cache-Control"] == "no-store"
        assert headers["Content-Type"].startswith("application/json")
        assert headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.requirement("130", "132", "F9")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": None}, "invalid_grant"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:33418/other"}, "invalid_grant"),
        ({"resource": "https://other.example/mcp"}, "invalid_target"),
        ({"code": "x"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"client_id": "x"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client"),
    ],
)
async def test_mistake_gets_no_token_and_does_not_use_up_the_code(
    site: Site, browser: PersonsBrowser, changes: dict[str, str | None], error: str
) -> None:
    client, code = await code_of(site, browser)

    status, answer = await client.exchange(**({"code": code} | changes))  # type: ignore[arg-type]
    mended, _ = await client.exchange(code)

    assert (status, answer["error"]) == (401 if error == "invalid_client" else 400, error)
    assert "access_token" not in answer
    assert mended == 200


@pytest.mark.requirement("132", "F9")
async def test_code_is_good_for_its_own_client_only(site: Site, browser: PersonsBrowser) -> None:
    client, code = await code_of(site, browser)
    other = await site.registered()
    other.challenge = client.challenge

    status, answer = await other.exchange(code)

    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("131", "F9")
async def test_code_lives_for_a_minute(site: Site, browser: PersonsBrowser) -> None:
    client, code = await code_of(site, browser)
    site.clock.advance(60)

    status, answer = await client.exchange(code)

    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("130", "F9")
async def test_of_fifty_who_redeem_a_code_at_once_one_gets_tokens_and_the_login_ends(
    site: Site, browser: PersonsBrowser
) -> None:
    client, code = await code_of(site, browser)

    told = await asyncio.gather(*(client.exchange(code) for _ in range(50)))

    good = [answer for status, answer in told if status == 200]
    assert len(good) == 1
    assert {answer["error"] for status, answer in told if status != 200} == {"invalid_grant"}
    assert claims_of(good[0]["access_token"])["sid"] in site.voided
    status, answer = await client.refresh(str(good[0]["refresh_token"]))
    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("133", "F10")
async def test_of_fifty_who_refresh_at_once_all_get_the_same(
    site: Site, browser: PersonsBrowser
) -> None:
    client, code = await code_of(site, browser)
    _, answer = await client.exchange(code)
    token = str(answer["refresh_token"])

    told = await asyncio.gather(*(client.refresh(token) for _ in range(50)))

    assert {status for status, _ in told} == {200}
    assert len({each["refresh_token"] for _, each in told}) == 1
    assert len({each["access_token"] for _, each in told}) == 1
    status, _ = await client.refresh(str(told[0][1]["refresh_token"]))
    assert status == 200


@pytest.mark.requirement("133", "F10")
async def test_used_refresh_token_after_the_grace_ends_the_login(
    site: Site, browser: PersonsBrowser
) -> None:
    client, code = await code_of(site, browser)
    _, first = await client.exchange(code)
    _, second = await client.refresh(str(first["refresh_token"]))
    site.clock.advance(31)

    reused, answer = await client.refresh(str(first["refresh_token"]))
    after, _ = await client.refresh(str(second["refresh_token"]))

    assert (reused, answer["error"]) == (400, "invalid_grant")
    assert after == 400
    assert claims_of(first["access_token"])["sid"] in site.voided
    assert ("refresh", "refresh_reused") in site.steps


@pytest.mark.requirement("134")
async def test_login_ends_after_its_lifetime_however_often_it_was_refreshed(
    site: Site, browser: PersonsBrowser
) -> None:
    client, code = await code_of(site, browser)
    _, answer = await client.exchange(code)
    statuses = []
    for _ in range(3):
        site.clock.advance(13 * 86400)
        status, told = await client.refresh(str(answer["refresh_token"]))
        statuses.append(status)
        answer = told if status == 200 else answer

    assert statuses == [200, 200, 400]


async def test_refresh_token_that_nobody_used_for_long_is_over(
    site: Site, browser: PersonsBrowser
) -> None:
    client, code = await code_of(site, browser)
    _, answer = await client.exchange(code)
    site.clock.advance(14 * 86400)

    status, _ = await client.refresh(str(answer["refresh_token"]))

    assert status == 400


@pytest.mark.requirement("92", "F10")
async def test_refresh_narrows_and_never_widens(site: Site, browser: PersonsBrowser) -> None:
    client, code = await code_of(site, browser, scope="mcp:read mcp:write")
    _, answer = await client.exchange(code)
    token = str(answer["refresh_token"])

    foreign, refused = await client.refresh(token, resource="https://other.example/mcp")
    _, narrowed = await client.refresh(token, scope="mcp:read offline_access")
    _, widened = await client.refresh(
        str(narrowed["refresh_token"]), scope="mcp:read mcp:write mcp:admin"
    )

    assert (foreign, refused["error"]) == (400, "invalid_target")
    assert narrowed["scope"] == "mcp:read"
    assert widened["scope"] == "mcp:read mcp:write"


@pytest.mark.requirement("F10")
async def test_refresh_token_is_good_for_its_own_client_only(
    site: Site, browser: PersonsBrowser
) -> None:
    client, code = await code_of(site, browser)
    _, answer = await client.exchange(code)
    other = await site.registered()

    status, _ = await other.refresh(str(answer["refresh_token"]))
    own, _ = await client.refresh(str(answer["refresh_token"]))

    assert (status, own) == (400, 200)


@pytest.mark.parametrize("case", ["disabled", "removed"])
async def test_person_who_is_gone_refreshes_no_more(
    site: Site, browser: PersonsBrowser, case: str
) -> None:
    client, code = await code_of(site, browser)
    _, answer = await client.exchange(code)
    await site.change("ada", disabled=True) if case == "disabled" else await site.hold()

    status, told = await client.refresh(str(answer["refresh_token"]))

    assert (status, told["error"]) == (400, "invalid_grant")


async def test_changed_password_ends_logins_that_were_made_with_the_old_one(
    site: Site, browser: PersonsBrowser
) -> None:
    client, code = await code_of(site, browser)
    _, answer = await client.exchange(code)
    await site.change("ada", password_set_at=site.clock.wall + 1)

    status, _ = await client.refresh(str(answer["refresh_token"]))

    assert status == 400


async def test_refresh_tells_what_is_known_of_the_person_now(
    site: Site, browser: PersonsBrowser
) -> None:
    client, code = await code_of(site, browser)
    _, answer = await client.exchange(code)
    await site.change("ada", groups=("ops",))

    _, told = await client.refresh(str(answer["refresh_token"]))

    assert claims_of(told["access_token"])["groups"] == ["ops"]


@pytest.mark.requirement("F15")
async def test_confidential_client_must_show_its_secret(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered(token_endpoint_auth_method="client_secret_post")  # noqa: S106
    page = await browser.log_in(client.authorize_url())
    code = page.answer["code"]

    without, refused = await client.exchange(code, client_secret=None)
    wrong, _ = await client.exchange(code, client_secret="x")  # noqa: S106  # an example
    good, _ = await client.exchange(code)

    assert (without, wrong, good) == (401, 401, 200)
    assert refused["error"] == "invalid_client"


@pytest.mark.requirement("F15")
async def test_wrong_secret_in_basic_is_challenged(site: Site) -> None:
    """RFC 6749 §5.2."""
    client = await site.registered(token_endpoint_auth_method="client_secret_basic")  # noqa: S106
    told = base64.b64encode(f"{client.client_id}:wrong".encode()).decode()
    client.secret = None

    status, answer, headers = await client.post(
        "/token", {"Authorization": f"Basic {told}"}, grant_type="refresh_token"
    )

    assert (status, answer["error"]) == (401, "invalid_client")
    assert headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.requirement("F15")
async def test_form_is_a_form_and_each_parameter_comes_once(site: Site) -> None:
    client = await site.registered()
    json_type = {"Content-Type": "application/json"}
    doubled = "grant_type=a&grant_type=a"
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}

    answers = [
        await site.post("/token", b'{"grant_type":"x"}', json_type),
        await site.post("/token", doubled.encode(), form_type),
        await site.post("/token", b"grant_type=%ff", form_type),
    ]

    assert client.client_id
    assert [(status, answer["error"]) for status, answer in answers] == [
        (400, "invalid_request")
    ] * 3


async def test_machine_gets_a_token_of_its_own() -> None:
    """RFC 6749 §4.4; RFC 9700 §4.15: its subject is nobody's name."""
    async with running_authorization_server(Setting(Settings(clients={"ci": MACHINE}))) as site:
        client = OAuthClient(site.issuer, "ci", "s" * 32)
        status, answer, _ = await client.post("/token", grant_type="client_credentials")

    claims = claims_of(answer["access_token"])
    assert status == 200
    assert claims["sub"] == "client:ci"
    assert claims["aud"] == f"{site.issuer}/mcp"
    assert answer["scope"] == "mcp:read"
    assert "refresh_token" not in answer


@pytest.mark.requirement("141")
async def test_machine_must_be_confidential_and_configured_for_it() -> None:
    settings = Settings(clients={"ci": MACHINE, "desk": DESK})
    async with running_authorization_server(Setting(settings)) as site:
        wrong = await OAuthClient(site.issuer, "ci", "x").post(
            "/token", grant_type="client_credentials"
        )
        public = await OAuthClient(site.issuer, "desk").post(
            "/token", grant_type="client_credentials"
        )

    assert (wrong[0], wrong[1]["error"]) == (401, "invalid_client")
    assert (public[0], public[1]["error"]) == (400, "unauthorized_client")


async def test_machine_names_its_server_where_there_are_several() -> None:
    setting = Setting(Settings(clients={"ci": MACHINE}), servers=("one", "two"))
    async with running_authorization_server(setting) as site:
        client = OAuthClient(site.issuer, "ci", "s" * 32)
        none = await client.post("/token", grant_type="client_credentials")
        named = await client.post(
            "/token", grant_type="client_credentials", resource=f"{site.issuer}/two"
        )

    assert (none[0], none[1]["error"]) == (400, "invalid_target")
    assert claims_of(named[1]["access_token"])["aud"] == f"{site.issuer}/two"
