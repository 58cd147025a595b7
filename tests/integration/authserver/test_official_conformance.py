"""The official conformance suite, at the built-in authorization server."""

from pathlib import Path

from tests.support.browser import visit
from tests.support.conformance_suite import run_conformance_authorization
from tests.support.login_gateway import login_gateway
from tests.support.login_pages import PASSWORD
from tests.support.recording_upstream import RecordingUpstream

CLIENT = ", clients: {conformance: {redirect_uris: ['http://127.0.0.1/callback']}}"


async def log_in(url: str) -> None:
    await visit(url, {"name": "ada", "password": PASSWORD})


async def test_the_suite_has_nothing_to_say_about_the_authorization_server(
    port: int, tmp_path: Path
) -> None:
    issuer = f"http://127.0.0.1:{port}"
    async with RecordingUpstream() as upstream, login_gateway(port, upstream.url, CLIENT):
        found = await run_conformance_authorization(issuer, f"{issuer}/mcp", log_in, tmp_path)
        upstream.assert_untouched()

    assert {check_id: status for (_, check_id, *_), status in found.items()} == {
        "authorization-server-metadata": "SUCCESS",
        "authorization-server-metadata-cimd": "SUCCESS",
        "authorization-code-grant": "SUCCESS",
    }
