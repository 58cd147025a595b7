import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from gateway.observability.admin import build_admin_app
from gateway.observability.denials import Denials
from gateway.observability.health import Readiness
from gateway.observability.metrics.metrics import IssuerState, Metrics
from gateway.observability.mismatches import Mismatches
from gateway.observability.observed import Observed
from tests.unit.observability.conftest import a_call, note_end

Admin = TestClient[web.Request, web.Application]


@pytest.fixture
def observed(metrics: Metrics) -> Observed:
    issuers = [IssuerState("corp", 2, 1763910000.0)]
    metrics.watch_issuers(lambda: issuers)
    return Observed(
        version="1.2.3",
        started_at=1763910000.0,
        metrics=metrics,
        readiness=Readiness("listener"),
        denials=Denials(),
        mismatches=Mismatches(),
        server_urls={"files": "https://files.example.com/mcp"},
        issuers=lambda: issuers,
        clock=lambda: 1763910060.0,
    )


@pytest.fixture
async def admin(observed: Observed, aiohttp_client: AiohttpClient) -> Admin:
    return await aiohttp_client(build_admin_app(observed))


async def test_process_is_alive_also_when_it_is_not_ready(admin: Admin) -> None:
    async with admin.get("/livez") as answer:
        assert answer.status == 200
        assert await answer.json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/readyz", "/healthz"])
async def test_readiness_names_what_is_missing(admin: Admin, observed: Observed, path: str) -> None:
    async with admin.get(path) as answer:
        assert answer.status == 503
        conditions = (await answer.json())["conditions"]
    assert conditions == {"listener": {"ready": False, "reason": "starting"}}

    observed.readiness.set_ready("listener")
    async with admin.get(path) as answer:
        assert answer.status == 200
        assert (await answer.json())["conditions"] == {"listener": {"ready": True}}


async def test_draining_process_is_alive_and_not_ready(admin: Admin, observed: Observed) -> None:
    observed.readiness.set_ready("listener")
    observed.readiness.drain()

    async with admin.get("/readyz") as answer:
        assert answer.status == 503
        assert (await answer.json())["draining"] is True
    async with admin.get("/livez") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("accept", "content_type", "end"),
    [
        ("", "text/plain", "\n"),
        ("application/openmetrics-text;version=1.0.0", "application/openmetrics-text", "# EOF\n"),
    ],
)
async def test_metrics_come_in_the_format_that_is_asked_for(
    admin: Admin, accept: str, content_type: str, end: str
) -> None:
    async with admin.get("/metrics", headers={"Accept": accept}) as answer:
        text = await answer.text()

    assert answer.headers["Content-Type"].startswith(content_type)
    assert 'mcpgw_jwks_keys{issuer="corp"} 2.0' in text
    assert text.endswith(end)


async def test_status_page_shows_state_and_who_was_refused(
    admin: Admin, observed: Observed
) -> None:
    note_end(observed.denials, a_call(decision="deny", reason="group_missing"))

    async with admin.get("/") as answer:
        page = await answer.text()

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "group_missing" in page
    assert "1 min ago" in page
    assert "https://files.example.com/mcp" in page
    assert "<td>ada</td>" in page


@pytest.mark.requirement("A12", "B12")
@pytest.mark.parametrize("path", ["/", "/livez", "/readyz", "/metrics"])
async def test_nothing_is_cached_and_nothing_can_be_changed(admin: Admin, path: str) -> None:
    async with admin.get(path) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
    async with admin.post(path) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET,HEAD"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
