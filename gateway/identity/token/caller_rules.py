"""Conditions on claims: what an issuer's tokens must say, and which caller they mean. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gateway.config.issuer import NamedCaller
from gateway.glob import compile_stars
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.token.claims import find_claim

Condition = Callable[[Mapping[str, object]], bool]


def compile_condition(patterns: Mapping[str, Sequence[str]]) -> Condition:
    """True when each claim matches one of its patterns, in which `*` stands for any text.

    Of a claim that is a list, one member must match. A claim that is not there never does.
    """
    # `dependabot[bot]` is a name, and must not let in whoever calls himself `dependabotb`.
    compiled = [(path, compile_stars(choices)) for path, choices in patterns.items()]
    return lambda claims: all(
        any(map(matches, _texts(find_claim(claims, path)))) for path, matches in compiled
    )


class CallerRules:
    """What must hold for every token of an issuer, and who its callers are by name."""

    def __init__(
        self, require: Mapping[str, Sequence[str]], callers: Sequence[NamedCaller]
    ) -> None:
        self._require = compile_condition(require)
        self._callers = [(compile_condition(caller.when), caller) for caller in callers]

    def apply(self, principal: Principal) -> Principal:
        """The principal, under the name that the first fitting rule gives it.

        Raises `InvalidToken` when a required claim does not match, or there are rules and none
        fits.
        """
        if not self._require(principal.claims):
            raise refused("claim_not_accepted")
        if not self._callers:
            return principal
        for fits, caller in self._callers:
            if fits(principal.claims):
                return replace(
                    principal,
                    subject=caller.subject,
                    scopes=caller.scopes,
                    groups=caller.groups,
                    roles=caller.roles,
                )
        raise refused("unmapped")


def _texts(value: object) -> list[str]:
    members = value if isinstance(value, list) else [value]
    return [_text(member) for member in members if isinstance(member, str | bool | int | float)]


def _text(value: str | bool | float) -> str:  # a claim, not a flag
    return str(value).lower() if isinstance(value, bool) else str(value)
