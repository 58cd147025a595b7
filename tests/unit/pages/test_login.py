from dataclasses import replace

from gateway.pages.login import LoginView, login_page

VIEW = LoginView("/authorize/login", "sealed", '<b>"x"', "Files & more")


def test_login_page_posts_the_flow_and_what_was_typed() -> None:
    page = login_page(VIEW).html

    assert '<form method="post" action="/authorize/login">' in page
    assert '<input type="hidden" name="flow" value="sealed">' in page
    assert 'autocomplete="current-password"' in page
    assert 'name="code"' not in page


def test_login_page_escapes_whatever_others_wrote() -> None:
    page = login_page(replace(VIEW, login_hint='"><i>', error="Wrong <name>")).html

    assert "&lt;b&gt;&quot;x&quot;" in page
    assert "Files &amp; more" in page
    assert "Wrong &lt;name&gt;" in page
    assert 'value="&quot;&gt;&lt;i&gt;"' in page


def test_a_failed_try_is_announced_in_the_title_and_at_the_fields() -> None:
    page = login_page(replace(VIEW, error="Wrong.")).html

    assert "<title>Log in (failed)</title>" in page
    assert 'role="alert" id="error"' in page
    assert page.count('aria-describedby="error"') == 2


def test_the_first_field_that_is_empty_has_the_focus() -> None:
    fresh, hinted = login_page(VIEW).html, login_page(replace(VIEW, login_hint="ada")).html

    assert 'value="" autofocus' in fresh
    assert 'autocomplete="current-password" autofocus' in hinted
    assert fresh.count("autofocus") == hinted.count("autofocus") == 1


def test_a_one_time_code_is_asked_for_where_there_are_such() -> None:
    page = login_page(replace(VIEW, asks_for_code=True)).html

    assert 'autocomplete="one-time-code"' in page
    assert '<label for="code">One-time code</label>' in page
