from gateway.pages.success import SuccessView, success_page


def test_success_page_names_the_client_and_ends_there() -> None:
    page = success_page(SuccessView("Claude <i>")).html

    assert "<bdi>Claude &lt;i&gt;</bdi> may now act in your name" in page
    assert "You can close this window" in page
    assert "<a " not in page


def test_success_page_says_when_access_was_denied() -> None:
    assert "gets no access" in success_page(SuccessView("Claude", denied=True)).html
