"""The MCP tools that the gateway itself answers, next to those of a server. Data only."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from gateway.config.section import Section

OwnTool = Literal["cli_status", "cli_login_url", "cli_whoami", "cli_token", "cli_refresh"]
OWN_TOOLS: tuple[OwnTool, ...] = get_args(OwnTool)
PUBLIC_TOOLS: frozenset[OwnTool] = frozenset({"cli_status", "cli_login_url"})
PREFIX = "cli_"
# In audit events, in the place of the rule that decided; no rule can have this name.
DECIDED_BY = "tools.gateway"
PREFIX_PATTERN = r"^[A-Za-z][A-Za-z0-9_.-]{0,31}$"  # MCP, Tools: what a name may be made of


def _every_tool(value: object) -> object:
    return OWN_TOOLS if value == "all" else value


OwnToolNames = Annotated[
    tuple[OwnTool, ...],
    BeforeValidator(_every_tool, json_schema_input_type=list[OwnTool] | Literal["all"]),
]


class Tools(Section):
    """Which of its own tools the gateway adds to a server's, and to whom it shows them.

    `prefix` takes the place of `cli_` in their names. `anonymous` lets clients without a token
    connect, to list and to call the public ones and nothing else of the server.
    """

    gateway: OwnToolNames = ()
    prefix: Annotated[str, Field(pattern=PREFIX_PATTERN)] = PREFIX
    anonymous: bool = False

    @property
    def by_name(self) -> Mapping[str, OwnTool]:
        """The chosen tools by the names that clients see."""
        return {f"{self.prefix}{tool.removeprefix(PREFIX)}": tool for tool in self.gateway}
