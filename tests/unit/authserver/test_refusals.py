import logging

import pytest

from gateway.authserver.clients.client import Client
from gateway.authserver.flows.way_back import WayBack
from gateway.authserver.refusals import new_request_id, refuse_at_client, refuse_with_page
from gateway.errors import AccessDenied, InvalidRequest
from gateway.oauth.errors import InvalidClient
from tests.support.authorization_server import Site

EVIL = '"><script>alert(1)</script>'


def way_back(site: Site) -> WayBack:
    return WayBack(Client("c", "registered"), "https://anywhere.example/cb", EVIL, site.issuer)


@pytest.mark.requirement("139", "F4")
async def test_error_page_cannot_be_framed_cached_or_read_by_others(site: Site) -> None:
    response = refuse_with_page(site.server, "login", AccessDenied("No."), "c")

    assert response.status == 403
    assert response.content_type == "text/html"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.requirement("127", "F14")
async def test_page_for_the_person_leads_nowhere(site: Site) -> None:
    error = InvalidRequest("The redirect_uri is none that the client registered.")

    response = refuse_with_page(site.server, "authorize", error, EVIL)

    assert response.status == 400
    assert response.text is not None
    assert error.description in response.text
    assert "Location" not in response.headers
    assert "href=" not in response.text
    assert "http-equiv" not in response.text
    assert EVIL not in response.text


async def test_forgotten_client_is_told_to_be_added_again_at_a_status_that_clients_know(
    site: Site,
) -> None:
    response = refuse_with_page(site.server, "authorize", InvalidClient("Unknown."), "c")

    assert response.status == 400
    assert response.text is not None
    assert "registers anew" in response.text
    assert site.steps == [("authorize", "invalid_client")]


async def test_client_with_a_document_is_not_told_to_register(site: Site) -> None:
    error = InvalidClient("Its host answered 403.", reason="client_document_unavailable")

    response = refuse_with_page(site.server, "authorize", error, "https://docs.example/c.json")

    assert response.status == 400
    assert response.text is not None
    assert "Its host answered 403." in response.text
    assert "registers anew" not in response.text


@pytest.mark.requirement("127", "F4", "F14")
async def test_client_of_nobodys_word_gets_its_error_only_when_the_person_clicks(
    site: Site,
) -> None:
    """RFC 9700 §4.11.2."""
    error = InvalidRequest("PKCE is needed.", reason="pkce_missing")

    response = refuse_at_client(site.server, "authorize", error, way_back(site))

    assert response.status == 400
    assert response.text is not None
    assert "Location" not in response.headers
    assert "http-equiv" not in response.text
    assert 'href="https://anywhere.example/cb?error=invalid_request' in response.text
    assert "anywhere.example</" in response.text
    assert "<script" not in response.text


async def test_page_and_log_are_joined_by_a_request_id(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    error = InvalidRequest("PKCE is needed.", reason="pkce_missing")
    with caplog.at_level(logging.WARNING):
        response = refuse_at_client(site.server, "authorize", error, way_back(site))

    (record,) = caplog.records
    assert response.text is not None
    assert record.__dict__["request_id"] in response.text
    assert record.__dict__["reason"] == "pkce_missing"
    assert new_request_id() != new_request_id()
