"""Who may use a server at all, compiled once from its `scopes` and `allow`."""

from collections.abc import Callable, Sequence

from gateway.config.model import Allow as AllowSection
from gateway.identity.principal import Principal
from gateway.policy.decision import ALLOWED, Decision, Deny, Unknown

Condition = Callable[[Principal], bool | None]  # None: what it asks about is not known
Admission = Callable[[Principal], Decision]


def compile_admission(required: frozenset[str], allow: AllowSection | str | None) -> Admission:
    """Build the decision function of one server.

    `required` scopes are needed whoever calls. `allow` is `"any"`, a section of which every
    given key must match, or None: then nobody gets in. `"anonymous"` lets everybody in.
    """
    if allow is None:
        return lambda principal: Deny("nobody_allowed")
    if allow == "anonymous":
        return lambda principal: ALLOWED
    if isinstance(allow, str):
        return lambda principal: _decide(principal, required, frozenset(), ())
    one_of = allow.scopes or frozenset()
    conditions = tuple(_conditions(allow))
    if not conditions and not one_of:  # `allow: {}` names nobody
        return lambda principal: Deny("nobody_allowed")
    return lambda principal: _decide(principal, required, one_of, conditions)


def _decide(
    principal: Principal,
    required: frozenset[str],
    one_of: frozenset[str],
    conditions: Sequence[tuple[str, Condition]],
) -> Decision:
    # Who the caller is comes first: a scope cannot help somebody who is not meant to be here.
    decided = [(reason, holds(principal)) for reason, holds in conditions]
    for reason, held in decided:
        if held is False:
            return Deny(reason)
    if not required <= principal.scopes or (one_of and not one_of & principal.scopes):
        return Deny("scope_missing", required | one_of)
    return Unknown("groups_unknown") if any(held is None for _, held in decided) else ALLOWED


def _conditions(allow: AllowSection) -> Sequence[tuple[str, Condition]]:
    found: list[tuple[str, Condition]] = []
    if allow.subjects is not None:
        found.append(("subject_not_allowed", _subject_in(allow.subjects)))
    if allow.clients is not None:
        found.append(("client_not_allowed", _client_in(allow.clients)))
    if allow.emails is not None:
        found.append(("email_not_allowed", _email_in(allow.emails)))
    if allow.domains is not None:
        found.append(("domain_not_allowed", _domain_in(allow.domains)))
    if allow.groups is not None:
        found.append(("group_missing", _any_group_in(allow.groups)))
    if allow.roles is not None:
        found.append(("role_missing", _any_role_in(allow.roles)))
    return found


def _subject_in(subjects: frozenset[str]) -> Condition:
    return lambda principal: principal.subject in subjects


def _client_in(clients: frozenset[str]) -> Condition:
    return lambda principal: principal.client_id in clients


def _any_group_in(groups: frozenset[str]) -> Condition:
    def is_member(principal: Principal) -> bool | None:
        return None if principal.groups is None else not groups.isdisjoint(principal.groups)

    return is_member


def _any_role_in(roles: frozenset[str]) -> Condition:
    return lambda principal: not roles.isdisjoint(principal.roles)


def _email_in(emails: frozenset[str]) -> Condition:
    # Without the empty entry, which would match whoever has no address.
    folded = frozenset(email.casefold() for email in emails) - {""}
    return lambda principal: _verified_email(principal) in folded


def _domain_in(domains: frozenset[str]) -> Condition:
    folded = frozenset(domain.casefold().lstrip("@") for domain in domains) - {""}
    return lambda principal: _verified_email(principal).rpartition("@")[2] in folded


def _verified_email(principal: Principal) -> str:
    # An address that the issuer itself calls unverified can be anybody's: OIDC Core §5.7.
    # Some write the word false as text.
    if principal.email is None or principal.claims.get("email_verified") in (False, "false"):
        return ""
    # "a@b"@evil.example style addresses: one @ only, or the domain would be read wrongly.
    return principal.email.casefold() if principal.email.count("@") == 1 else ""
