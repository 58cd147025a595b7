"""What no single value shows about the tools that the gateway answers itself."""

from collections.abc import Iterator

from gateway.config.model import Server
from gateway.config.own_tools import PUBLIC_TOOLS
from gateway.config.reading.problems import Finding


def find_bad_own_tools(server: Server) -> Iterator[Finding]:
    """Settings that would have no effect."""
    tools = server.tools
    if tools.anonymous and PUBLIC_TOOLS.isdisjoint(tools.gateway):
        message = "there is nothing public to call: add cli_status or cli_login_url to `gateway`"
        yield Finding(("tools", "anonymous"), message, about=(("tools", "gateway"),))
    for number, rule in enumerate(server.rules or ()):
        for own in sorted(tools.by_name.keys() & set(rule.tools or ())):
            message = (
                f"{own} is answered by the gateway, so no rule reaches it; take it out here,"
                " and out of `tools.gateway` if nobody is to have it"
            )
            about = (("tools", "gateway"), ("tools", "prefix"))
            yield Finding(("rules", number, "tools"), message, about=about)
