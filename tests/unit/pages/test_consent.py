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
    scopes=["read&write"],
)


@pytest.mark.requirement("48", "62", "F4")
def test_consent_page_names_client_place_server_and_scopes_and_escapes_them() -> None:
    page = consent_page(VIEW).html

    assert "<h1>Allow an unverified client to use <bdi>Files</bdi>?</h1>" in page
    assert "unverified</span> calls itself “<bdi>Claude &lt;i&gt;</bdi>”" in page
    assert "<strong><bdi>127.0.0.1:3000</bdi></strong>" in page
    assert "<bdi>127.0.0.1:3000</bdi> is a program on this computer." in page
    assert "<code>read&amp;write</code>" in page
    assert "https://mcp.example/files" in page
    assert "<i>" not in page


def test_consent_page_puts_the_verified_host_first() -> None:
    page = consent_page(replace(VIEW, verified_host="claude.ai", is_loopback=False)).html

    host = "<strong><bdi>claude.ai</bdi></strong>"
    assert f"<h1>Allow {host} to use" in page
    assert f"{host}, calls itself “<bdi>Claude &lt;i&gt;</bdi>”" in page
    assert "unverified" not in page
    assert 'class="note"' not in page


def test_consent_page_calls_no_configured_client_unverified() -> None:
    page = consent_page(replace(VIEW, is_configured=True)).html

    assert "Allow <bdi>Claude &lt;i&gt;</bdi> to use" in page
    assert "unverified" not in page


@pytest.mark.requirement("F4")
@pytest.mark.parametrize(
    "name", ["claude.ai\u202e", "claude.ai</h1>", "claude.ai" + " " * 500 + "x"]
)
def test_no_name_gets_where_a_verified_host_would_stand(name: str) -> None:
    page = consent_page(replace(VIEW, client_name=name)).html

    assert page.count("claude.ai") == 1
    assert "Allow an unverified client to use" in page
    assert "\u202e" not in page


def test_consent_page_says_when_letters_look_like_others() -> None:
    page = consent_page(replace(VIEW, client_name="\u0421laude")).html

    assert "Has Cyrillic letters, which can look like others." in page
    assert "can look like others" not in consent_page(VIEW).html


def test_consent_page_says_in_words_what_a_scope_allows() -> None:
    page = consent_page(replace(VIEW, scope_descriptions={"read&write": "Change <files>"})).html

    assert "<li>Change &lt;files&gt; (<code>read&amp;write</code>)</li>" in page


def test_consent_page_without_scopes_says_what_is_allowed_all_the_same() -> None:
    assert "<li>Use this server</li>" in consent_page(replace(VIEW, scopes=[])).html


def test_consent_page_for_a_device_shows_the_code_to_compare() -> None:
    """RFC 8628 §5.4."""
    page = consent_page(replace(VIEW, user_code="WDJB-MJHT", redirect_host="")).html

    assert 'the device that shows <strong class="code">WDJB-MJHT</strong>' in page
    assert "Go on only if you see this code on a device of yours" in page
    assert "program on this computer" not in page


def test_consent_page_offers_both_answers_with_equal_weight() -> None:
    page = consent_page(VIEW).html

    assert '<button name="decision" value="deny">Deny</button>' in page
    assert '<button name="decision" value="approve">Allow</button>' in page
    assert "autofocus" not in page


@pytest.mark.requirement("F1")
@pytest.mark.parametrize(
    ("remember_s", "words"), [(3600.0, "for a day"), (86400.0, "for a day"), (2592000.0, "30 days")]
)
def test_consent_is_remembered_only_for_who_checks_the_box(remember_s: float, words: str) -> None:
    page = consent_page(replace(VIEW, remember_s=remember_s)).html

    assert '<input type="checkbox" id="remember" name="remember" value="yes">' in page
    assert words in page
    assert "checkbox" not in consent_page(VIEW).html
