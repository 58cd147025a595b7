"""Which groups, roles and scopes a server's conditions name: what it needs to know of a caller."""

from collections.abc import Iterable, Iterator, Mapping

from gateway.config.allow import Allow
from gateway.config.model import Config, Server

_LISTS = ("groups", "roles", "scopes")


def named_members(config: Config, server: Server) -> Mapping[str, frozenset[str]]:
    """Collect the names by kind, from `allow`, rules and the roles of the configuration.

    What a CEL expression compares with is not among them.
    """
    sections = [server.allow, *(rule.allow for rule in server.rules or ()), *config.roles.values()]
    found = list(_sections(each for each in sections if isinstance(each, Allow)))
    named = {kind: [getattr(each, kind) or () for each in found] for kind in _LISTS}
    named["roles"].append(config.roles)
    named["scopes"].append(server.auth.scopes)
    return {kind: frozenset().union(*lists) for kind, lists in named.items()}


def _sections(sections: Iterable[Allow]) -> Iterator[Allow]:
    for each in sections:
        yield each
        yield from _sections((*(each.all_of or ()), *(each.any_of or ())))
