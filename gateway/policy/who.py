"""Who is meant: `allow` sections and named roles, compiled once to closures. Pure."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from gateway.config.allow import Allow
from gateway.config.email_address import parse_domain, parse_email
from gateway.identity.principal import Principal
from gateway.policy.decision import ALLOWED, Decision, Deny, Unknown, all_hold, any_holds

Condition = Callable[[Principal], Decision]
_MAX_SCOPE_SETS = 4096


class Vocabulary:
    """What the words of conditions mean: the configuration's roles, and scopes that imply others.

    `implies` maps a scope to those that it stands for; what these imply counts too. `issuers`
    are the names of issuers and, of each, the `iss` values of its tokens.
    """

    def __init__(
        self,
        roles: Mapping[str, Allow] | None = None,
        implies: Mapping[str, frozenset[str]] | None = None,
        issuers: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self._roles = dict(roles or {})
        self._implies = dict(implies or {})
        self._issuers = dict(issuers or {})
        self.expand = lru_cache(_MAX_SCOPE_SETS)(self._expand) if implies else _as_they_are

    def compile(self, allow: Allow | str) -> Condition:
        """Build the condition of an `allow`, for callers that are known."""
        return self._compile(allow, ())

    def roles_of(self, principal: Principal) -> tuple[str, ...]:
        """All roles of a principal: those of the token, then the configuration's."""
        own = {
            name
            for name in self._roles
            if self._compile(self._roles[name], (name,))(principal) is ALLOWED
        }
        return (*principal.roles, *sorted(own - set(principal.roles)))

    def _compile(self, allow: Allow | str, within: tuple[str, ...]) -> Condition:
        if allow == "nobody":
            return lambda principal: Deny("nobody_allowed")
        if isinstance(allow, str):
            return lambda principal: ALLOWED
        conditions = [*_leaves(allow)]
        if allow.issuers is not None:
            conditions.append(self._issuer_in(allow.issuers))
        if allow.scopes is not None:
            conditions.append(self._scope_in(allow.scopes))
        if allow.roles is not None:
            conditions.append(self._role_in(allow.roles, within))
        if allow.all_of is not None:
            conditions += [self._compile(each, within) for each in allow.all_of]
        if allow.any_of is not None:
            conditions.append(_any([self._compile(each, within) for each in allow.any_of]))
        if not conditions:  # `allow: {}` names nobody
            return lambda principal: Deny("nobody_allowed")
        return conditions[0] if len(conditions) == 1 else _all(conditions)

    def _issuer_in(self, issuers: frozenset[str]) -> Condition:
        named = (self._issuers.get(each, frozenset({each})) for each in issuers)
        wanted: frozenset[str] = frozenset().union(*named)
        return _leaf("issuer_not_allowed", lambda principal: principal.issuer in wanted)

    def _scope_in(self, scopes: frozenset[str]) -> Condition:
        denied = Deny("scope_missing", scopes)
        expand = self.expand

        def has_scope(principal: Principal) -> Decision:
            return denied if scopes.isdisjoint(expand(principal.scopes)) else ALLOWED

        return has_scope

    def _role_in(self, roles: frozenset[str], within: tuple[str, ...]) -> Condition:
        of_token = _leaf("role_missing", lambda principal: not roles.isdisjoint(principal.roles))
        # A role that leads back to itself adds nobody.
        named = sorted((roles & self._roles.keys()) - set(within))
        if not named:
            return of_token
        meant = [self._compile(self._roles[name], (*within, name)) for name in named]
        return _named_role([of_token, *meant])

    def _expand(self, scopes: frozenset[str]) -> frozenset[str]:
        known, waiting = set(scopes), list(scopes)
        while waiting:
            for implied in self._implies.get(waiting.pop(), frozenset()) - known:
                known.add(implied)
                waiting.append(implied)
        return frozenset(known)


def _as_they_are(scopes: frozenset[str]) -> frozenset[str]:
    return scopes


def _leaves(allow: Allow) -> Sequence[Condition]:
    found: list[Condition] = []
    if allow.subjects is not None:
        found.append(_leaf("subject_not_allowed", _subject_in(allow.subjects)))
    if allow.clients is not None:
        found.append(_leaf("client_not_allowed", _client_in(allow.clients)))
    if allow.emails is not None:
        found.append(_leaf("email_not_allowed", _email_in(allow.emails)))
    if allow.domains is not None:
        found.append(_leaf("domain_not_allowed", _domain_in(allow.domains)))
    if allow.groups is not None:
        found.append(_group_in(allow.groups))
    return found


def _leaf(reason: str, holds: Callable[[Principal], bool]) -> Condition:
    denied = Deny(reason)
    return lambda principal: ALLOWED if holds(principal) else denied


def _all(conditions: Sequence[Condition]) -> Condition:
    return lambda principal: all_hold(condition(principal) for condition in conditions)


def _any(conditions: Sequence[Condition]) -> Condition:
    return lambda principal: any_holds(condition(principal) for condition in conditions)


def _named_role(conditions: Sequence[Condition]) -> Condition:
    def decide(principal: Principal) -> Decision:
        decision = any_holds(condition(principal) for condition in conditions)
        # Why somebody does not hold a role is the role's own affair.
        return (
            Deny("role_missing")
            if isinstance(decision, Deny) and not decision.missing_scopes
            else decision
        )

    return decide


def _group_in(groups: frozenset[str]) -> Condition:
    denied, unknown = Deny("group_missing"), Unknown("groups_unknown")

    def is_member(principal: Principal) -> Decision:
        if principal.groups is None:
            return unknown
        return denied if groups.isdisjoint(principal.groups) else ALLOWED

    return is_member


def _subject_in(subjects: frozenset[str]) -> Callable[[Principal], bool]:
    return lambda principal: principal.subject in subjects


def _client_in(clients: frozenset[str]) -> Callable[[Principal], bool]:
    return lambda principal: principal.client_id in clients


def _email_in(emails: frozenset[str]) -> Callable[[Principal], bool]:
    wanted = frozenset(found for each in emails if (found := _parsed(each)) is not None)
    return lambda principal: _verified_email(principal) in wanted


def _domain_in(domains: frozenset[str]) -> Callable[[Principal], bool]:
    wanted = frozenset(parse_domain(domain.removeprefix("@")) for domain in domains if domain)

    def is_of_domain(principal: Principal) -> bool:
        email = _verified_email(principal)
        return email is not None and email[1] in wanted

    return is_of_domain


def _verified_email(principal: Principal) -> tuple[str, str] | None:
    # An address that the issuer does not call verified can be anybody's: OIDC Core §5.7.
    if principal.email is None or not principal.email_verified:
        return None
    return _parsed(principal.email)


def _parsed(email: str) -> tuple[str, str] | None:
    try:
        return parse_email(email)
    except ValueError:
        return None
