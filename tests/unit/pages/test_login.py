from gateway.pages.login import LoginView, login_page

VIEW = LoginView("/authorize/login", "sealed", '<b>"x"', "Files & more", error="Wrong <name>")


def test_login_page_posts_the_flow_and_what_was_typed() -> None:
    page = login_page(VIEW)

    assert '<form method="post" action="/authorize/login">' in page
    assert '<input type="hidden" name="flow" value="sealed">' in page
    assert 'autocomplete="current-password"' in page


def test_login_page_escapes_whatever_others_wrote() -> None:
    page = login_page(VIEW)

    assert "&lt;b&gt;&quot;x&quot;" in page
    assert "Files &amp; more" in page
    assert "Wrong &lt;name&gt;" in page
