from gateway.pages.error import ErrorView, error_page


def test_error_page_says_what_happened_and_where_the_log_has_it() -> None:
    page = error_page(ErrorView("Too <late>", "Start again.", "r-1"))

    assert "<h1>Too &lt;late&gt;</h1>" in page
    assert "r-1" in page
    assert "<a " not in page


def test_error_page_links_to_a_client_that_is_known() -> None:
    page = error_page(ErrorView("No", "Ask.", "r-1", "http://127.0.0.1/cb?error=x", "127.0.0.1"))

    assert '<a href="http://127.0.0.1/cb?error=x">Tell 127.0.0.1</a>' in page
