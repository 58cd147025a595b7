"""What a person sees who opens the URL of an MCP server in a browser."""

from html import escape

from gateway.pages.brand import UNBRANDED, Brand
from gateway.pages.client_instructions import Instructions, instructions, key_of
from gateway.pages.page import Page, block, build_page


def add_to_client_page(*, title: str, name: str, url: str, brand: Brand = UNBRANDED) -> Page:
    """Say what this is and how to add it to a client.

    `title` is for people; clients get a key made of it, or of `name` where nothing is left of it.
    """
    first, *further = instructions(key_of(title, name), url)
    sections = "\n".join([_section(first, " open"), *(_section(each) for each in further)])
    return build_page(
        f"{title}: an MCP server",
        f"<h1>{escape(title)} is an MCP server</h1>\n"
        "<p>It gives tools to AI clients such as Claude, Cursor or VS Code. There is nothing else"
        " to see here in a browser. Add this address to your client, which leads you through the"
        f" login by itself:</p>\n{block(url, 'Address of the server')}\n"
        f"<h2>How to add it to your client</h2>\n{sections}\n"
        '<p class="soft">Click a box to select all that is in it, then copy. Any other client that'
        " speaks Streamable HTTP works with the address alone.</p>",
        brand,
    )


def _section(told: Instructions, opened: str = "") -> str:
    link = ""
    if told.link is not None:
        words = f"Open in {escape(told.client)}"
        link = f'<p class="actions"><a class="button" href="{escape(told.link)}">{words}</a></p>\n'
    label = f"{told.where} for {told.client}"
    return (
        f'<details name="client"{opened}>\n<summary>{escape(told.client)}</summary>\n'
        f"{link}<p>{escape(told.steps)}</p>\n"
        f'<p class="soft">{escape(told.where)}</p>\n{block(told.copied, label)}\n</details>'
    )
