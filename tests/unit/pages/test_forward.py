from gateway.pages.forward import ForwardView, forward_page, onward_page


def test_forward_page_goes_on_by_itself_and_by_a_link() -> None:
    page = forward_page(ForwardView('http://127.0.0.1/cb?a=1&b="', "Claude")).html

    assert 'content="0; url=http://127.0.0.1/cb?a=1&amp;b=&quot;"' in page
    assert 'href="http://127.0.0.1/cb?a=1&amp;b=&quot;">Go on</a>' in page


def test_forward_page_says_when_access_was_denied() -> None:
    assert "Access was denied." in forward_page(ForwardView("x:y", "Claude", denied=True)).html


def test_onward_page_names_the_place_of_the_login() -> None:
    page = onward_page("https://idp.example/authorize?a=1&b=2").html

    assert "Going on to <strong><bdi>idp.example</bdi></strong>" in page
    assert 'content="0; url=https://idp.example/authorize?a=1&amp;b=2"' in page
