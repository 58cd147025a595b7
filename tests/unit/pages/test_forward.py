from gateway.pages.forward import ForwardView, forward_page


def test_forward_page_goes_on_by_itself_and_by_a_link() -> None:
    page = forward_page(ForwardView('http://127.0.0.1/cb?a=1&b="', "Claude"))

    assert 'content="0; url=http://127.0.0.1/cb?a=1&amp;b=&quot;"' in page
    assert '<a href="http://127.0.0.1/cb?a=1&amp;b=&quot;">' in page


def test_forward_page_says_when_access_was_denied() -> None:
    assert "Access was denied." in forward_page(ForwardView("x:y", "Claude", denied=True))
