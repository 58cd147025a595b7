"""What every page has in common, and the frame that gives it."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from gateway.pages.page import Page, block, build_form_page, build_page, hidden
from tests.support.page_samples import ACME, HOSTILE, every_hostile_page, every_page

PAGES = {
    **every_page(),
    **{f"{name}, branded": page for name, page in every_page(ACME).items()},
    **{f"{name}, hostile": page for name, page in every_hostile_page().items()},
}
VOID = {"meta", "input", "img", "br"}
Attributes = dict[str, str]


class Outline(HTMLParser):
    """Every element of a page, and whether each is closed in order."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self._open: list[str] = []
        self.is_well_formed = True
        self.feed(page.html)
        self.is_well_formed &= not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.is_well_formed &= bool(self._open) and self._open.pop() == tag

    def all(self, tag: str) -> list[Attributes]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(params=PAGES, name="page")
def _page(request: pytest.FixtureRequest) -> Page:
    return PAGES[request.param]


@pytest.mark.requirement("F4")
def test_no_page_has_a_script_or_an_inline_handler(page: Page) -> None:
    outline = Outline(page)

    assert not outline.all("script")
    assert not [name for _, found in outline.elements for name in found if name.startswith("on")]
    assert not [tag for tag, found in outline.elements if "style" in found]
    assert "javascript:" not in page.html


@pytest.mark.requirement("F4")
def test_no_words_of_others_become_markup(page: Page) -> None:
    outline = Outline(page)

    assert outline.is_well_formed
    assert {found["src"][:5] for found in outline.all("img")} <= {"data:", HOSTILE[:5]}
    assert not [found for found in outline.all("img") if found["src"] == "x"]


@pytest.mark.requirement("48", "F4")
def test_the_policy_allows_the_style_that_is_in_the_page_and_nothing_else(page: Page) -> None:
    style = re.search(r"<style>(.*?)</style>", page.html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    allowed = dict(each.strip().split(" ", 1) for each in page.content_security_policy.split(";"))

    pictures = allowed.pop("img-src", None)
    assert pictures == ("data:" if "<img" in page.html else None)
    assert allowed.pop("form-action") in ("'self'", "'none'")
    assert allowed == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.requirement("139")
def test_no_page_loads_anything(page: Page) -> None:
    outline = Outline(page)

    assert not [tag for tag, _ in outline.elements if tag in ("link", "iframe", "object", "embed")]
    assert "url(" not in page.html
    assert "@import" not in page.html


def test_every_form_is_sent_to_the_gateway_itself(page: Page) -> None:
    forms = Outline(page).all("form")

    for form in forms:
        assert form["method"] == "post"
        assert form["action"].startswith(("/", "https://mcp.example.com/"))
    assert not forms or "form-action 'self'" in page.content_security_policy


def test_every_page_can_be_read_to_somebody(page: Page) -> None:
    outline = Outline(page)

    assert [found["lang"] for found in outline.all("html")] == ["en"]
    assert [len(outline.all(each)) for each in ("title", "main", "footer", "h1")] == [1, 1, 1, 1]
    labelled = {found["for"] for found in outline.all("label")}
    fields = [found for found in outline.all("input") if found.get("type") != "hidden"]
    assert {found["id"] for found in fields} == labelled
    assert all("alt" in found for found in outline.all("img"))
    described = {each for found in fields for each in found.get("aria-describedby", "").split()}
    assert described <= {found.get("id", "") for _, found in outline.elements}


def test_a_brand_is_in_the_title_the_header_and_the_footer() -> None:
    page = build_page("Files", "", ACME)

    assert "<title>Files · Acme</title>" in page.html
    assert re.search(
        r'<header><img src="data:[^"]+" alt="" height="32"><span>Acme</span>', page.html
    )
    assert '<a href="mailto:help@acme.example">' in page.html


def test_a_page_without_a_brand_has_no_header() -> None:
    page = build_page("Files", "")

    assert "<header>" not in page.html
    assert "<title>Files</title>" in page.html


def test_what_has_no_form_may_send_none() -> None:
    assert "form-action 'none'" in build_page("x", "").content_security_policy
    assert "form-action 'self'" in build_form_page("x", "").content_security_policy


def test_title_blocks_and_hidden_values_are_escaped() -> None:
    page = build_page("<b>&", block('<script>"', "<i>") + hidden('"', "<b>"))

    assert "<title>&lt;b&gt;&amp;</title>" in page.html
    assert "&lt;script&gt;" in page.html
    assert 'aria-label="&lt;i&gt;"' in page.html
    assert 'name="&quot;" value="&lt;b&gt;"' in page.html
