from dataclasses import replace

import pytest

from gateway.pages.consent import ConsentView, consent_page

VIEW = ConsentView(
    action="/authorize/consent",
    flow="sealed",
    client_name="Claude <i>",
    verified_host=None,
    is_configured=False,
    redirect_host="127.0.0.1:3000",
    is_loopback=True,
    server_title="Files",
    resource="https://mcp.example/files",
    scopes=["read & write"],
)


@pytest.mark.requirement("48", "62", "F4")
def test_consent_page_names_client_place_server_and_scopes_and_escapes_them() -> None:
    page = consent_page(VIEW)

    assert "an unverified client (“Claude &lt;i&gt;”)" in page
    assert "<strong>127.0.0.1:3000</strong>" in page
    assert "This is a program on a computer" in page
    assert "read &amp; write" in page
    assert "<i>" not in page


def test_consent_page_puts_the_verified_host_first() -> None:
    page = consent_page(replace(VIEW, verified_host="claude.ai", is_loopback=False))

    assert "<strong>claude.ai</strong> (“Claude &lt;i&gt;”)" in page
    assert "unverified" not in page
    assert "program on a computer" not in page


def test_consent_page_calls_no_configured_client_unverified() -> None:
    assert "unverified" not in consent_page(replace(VIEW, is_configured=True))


def test_consent_page_offers_both_answers() -> None:
    page = consent_page(VIEW)

    assert 'name="decision" value="deny"' in page
    assert 'name="decision" value="approve"' in page
