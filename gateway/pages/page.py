"""The frame of every page: one card, system fonts, light and dark, no script."""

import base64
import hashlib
from dataclasses import dataclass
from html import escape

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#2563eb}
*{box-sizing:border-box}
body{font:16px/1.6 system-ui,sans-serif;margin:0;padding:1.5rem 1rem}
main{max-width:44rem;margin:0 auto}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:2rem 0 .4rem}
p{margin:.5rem 0}
pre{background:var(--soft);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem;
overflow-x:auto;user-select:all;margin:.5rem 0}
code{font:.875rem/1.5 ui-monospace,monospace}
p code{overflow-wrap:anywhere}
a{color:var(--accent)}
@media (prefers-color-scheme:dark){:root{--accent:#8ab4ff}}
footer{margin-top:2.5rem;padding-top:.75rem;border-top:1px solid var(--line);font-size:.875rem}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)

# Of pages with a form: it may only be sent to the gateway itself.
FORM_CONTENT_SECURITY_POLICY = CONTENT_SECURITY_POLICY.replace(
    "form-action 'none'", "form-action 'self'"
)


@dataclass(frozen=True, slots=True)
class Page:
    """A whole HTML document and the Content-Security-Policy that it needs."""

    html: str
    content_security_policy: str = CONTENT_SECURITY_POLICY


def build_page(title: str, body: str) -> Page:
    """Put a body of safe HTML into the frame; `title` is plain text."""
    return Page(_document(title, body, ""))


def build_form_page(title: str, body: str, *, head: str = "") -> str:
    """The same for the pages of a login; `head` is further HTML of the head."""
    return _document(title, body, head)


def _document(title: str, body: str, head: str) -> str:
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{head}<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f"<main>\n{body}\n<footer>Served by the MCP auth gateway.</footer>\n</main>\n</html>\n"
    )


def block(text: str) -> str:
    """Show text to copy: one click selects all of it."""
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'
