from gateway.pages.error import ErrorView, error_page


def test_error_page_says_what_happened_and_where_the_log_has_it() -> None:
    page = error_page(ErrorView("Too <late>", "Start again.", "r-1")).html

    assert "<h1>Too &lt;late&gt;</h1>" in page
    assert "<code>r-1</code>" in page
    assert "<a " not in page


def test_error_page_links_to_a_client_that_is_known() -> None:
    view = ErrorView("No", "Ask.", "r-1", "http://127.0.0.1/cb?error=x", "127.0.0.1")

    page = error_page(view).html

    assert 'href="http://127.0.0.1/cb?error=x">Tell <bdi>127.0.0.1</bdi></a>' in page
