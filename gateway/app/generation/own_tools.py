"""Builds the MCP tools that the gateway answers itself."""

from collections.abc import Sequence

from gateway.app.generation.issuers import Issuers
from gateway.config.model import Config, Server
from gateway.config.reading.login import login_issuers
from gateway.identity.token.token_issuers import advertised_issuers
from gateway.policy.rules import Rules
from gateway.policy.who import Vocabulary
from gateway.proxy.gate.own_tools import OwnTools
from gateway.proxy.gate.route import Challenges
from gateway.proxy.upstream.tool_catalogue import ToolCatalogue
from gateway.tools.facts import Issuer, ServerFacts
from gateway.tools.toolbox import Toolbox


class OwnToolsBuilder:
    """Builds them for any server of a configuration."""

    def __init__(self, config: Config, issuers: Issuers, words: Vocabulary) -> None:
        self._config = config
        self._issuers = issuers
        self._words = words

    def build(
        self, server: Server, challenges: Challenges, rules: Rules | None, catalogue: ToolCatalogue
    ) -> OwnTools | None:
        """The tools of one server, None when it is given none."""
        if not server.tools.gateway:
            return None
        facts = ServerFacts(
            name=challenges.realm,
            resource=server.resource,
            resource_metadata=challenges.resource_metadata,
            scopes=server.auth.scopes - {"offline_access"},
            issuers=self._issuers_of(server.auth.issuers),
            logins=self._issuers_of(login_issuers(self._config, server)),
            dpop=server.auth.dpop.mode,
            rules=rules,
            roles_of=self._words.roles_of,
            tools=catalogue.tools,
            asked=challenges.asked,
        )
        return OwnTools(Toolbox(server.tools.by_name, facts), catalogue)

    def _issuers_of(self, names: Sequence[str]) -> list[Issuer]:
        return [
            Issuer(url, self._issuers.metadata_of(name))
            for name in names
            for url in advertised_issuers(self._config.issuers[name])
        ]
