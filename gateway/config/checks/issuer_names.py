"""Whose subjects, addresses, groups and roles a condition means, where there are several issuers.

Only issuer and subject together name somebody: OpenID Connect Core §5.7.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.config.allow import Allow
from gateway.config.issuer import Issuer
from gateway.config.model import Config, Server
from gateway.config.reading.problems import Finding, Path

_TENANT = "{tenantid}"
_SOMEBODYS = ("subjects", "emails", "domains", "groups", "roles")


def issuer_names(issuers: Mapping[str, Issuer]) -> Mapping[str, frozenset[str]]:
    """What the name of each issuer stands for in a condition: every `iss` of its tokens."""
    return {name: frozenset(_iss_values(issuer)) for name, issuer in issuers.items()}


def find_unknown_issuers(config: Config) -> Iterator[Finding]:
    """List issuers of conditions that are neither a URL nor the name of one."""
    for path, allow in _conditions(config):
        for place, each in _parts(path, allow):
            for name in sorted(each.issuers or ()):
                if "://" not in name and name not in config.issuers:
                    known = ", ".join(config.issuers)
                    message = (
                        f"nothing is named '{name}'; write an issuer's URL, or one of: {known}"
                    )
                    yield Finding((*place, "issuers"), message)


def find_conditions_of_any_issuer(config: Config) -> Iterator[Finding]:
    """List conditions that several issuers' callers may meet, one perhaps by chance."""
    several = {name: each for name, each in config.servers.items() if _has_several(config, each)}
    if not several:
        return
    names = sorted({issuer for server in several.values() for issuer in server.auth.issuers})
    for path, allow in _conditions(config):
        if path[0] != "servers" or path[1] in several:
            for place, key in _unbound(path, allow):
                yield Finding(
                    (*place, key),
                    f"{key} of every issuer meet this, and there are several: say whose, such as"
                    f" issuers: [{names[0]}] beside it",
                )


def _iss_values(issuer: Issuer) -> Iterator[str]:
    for template in (issuer.issuer, *issuer.token_issuers):
        if _TENANT not in template:
            yield template
        for tenant in issuer.tenants if _TENANT in template else ():
            yield template.replace(_TENANT, tenant)


def _has_several(config: Config, server: Server) -> bool:
    named = [config.issuers[name] for name in server.auth.issuers if name in config.issuers]
    return sum(len(issuer.tenants) or 1 for issuer in named) > 1


def _conditions(config: Config) -> Iterator[tuple[Path, Allow]]:
    for name, role in config.roles.items():
        yield ("roles", name), role
    for name, server in config.servers.items():
        if isinstance(server.allow, Allow):
            yield ("servers", name, "allow"), server.allow
        for number, rule in enumerate(server.rules or ()):
            if isinstance(rule.allow, Allow):
                yield ("servers", name, "rules", number, "allow"), rule.allow


def _parts(path: Path, allow: Allow) -> Iterator[tuple[Path, Allow]]:
    yield path, allow
    for key in ("all_of", "any_of"):
        for number, each in enumerate(getattr(allow, key) or ()):
            yield from _parts((*path, key, number), each)


def _unbound(path: Path, allow: Allow) -> Iterator[tuple[Path, str]]:
    """The keys of a condition that hold whichever issuer it is."""
    if _binds(allow):
        return
    yield from ((path, key) for key in _SOMEBODYS if getattr(allow, key) is not None)
    for key in ("all_of", "any_of"):
        sections: Sequence[Allow] = getattr(allow, key) or ()
        for number, each in enumerate(sections):
            yield from _unbound((*path, key, number), each)


def _binds(allow: Allow) -> bool:
    """Whether what is said holds for callers of named issuers only."""
    sections: Iterable[Allow] = allow.all_of or ()
    return allow.issuers is not None or any(map(_binds, sections))
