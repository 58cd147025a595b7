"""What no single value shows about the tools that the gateway answers itself."""

from collections.abc import Iterator

from gateway.config.model import Server
from gateway.config.own_tools import PREFIX
from gateway.config.problems import Finding

_PUBLIC = frozenset({"cli_status", "cli_login_url"})


def find_bad_own_tools(server: Server) -> Iterator[Finding]:
    """Settings that would have no effect."""
    chosen = server.tools.gateway
    if server.tools.anonymous and _PUBLIC.isdisjoint(chosen):
        message = "there is nothing public to call: add cli_status or cli_login_url to `gateway`"
        yield Finding(("tools", "anonymous"), message)
    names = {f"{server.tools.prefix}{tool.removeprefix(PREFIX)}" for tool in chosen}
    for number, rule in enumerate(server.rules or ()):
        for own in sorted(names.intersection(rule.tools or ())):
            message = (
                f"{own} is answered by the gateway, so no rule reaches it; take it out here,"
                " and out of `tools.gateway` if nobody is to have it"
            )
            yield Finding(("rules", number, "tools"), message)
