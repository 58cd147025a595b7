"""The rules of a server: what they are about and whom they let through. Data only."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, field_validator, model_validator

from gateway.config.allow import AllowedByRule
from gateway.config.expression import compile_expression
from gateway.config.section import Name, Seconds, Section
from gateway.glob import check_glob

Glob = Annotated[str, Field(min_length=1), AfterValidator(check_glob)]
Globs = Annotated[tuple[Glob, ...], Field(min_length=1)]
Hint = Literal["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"]
Mode = Literal["enforce", "shadow"]


class Range(Section):
    """Numbers from `min` to `max`, both included; one of them may be left out."""

    min: float | None = None
    max: float | None = None


class Matcher(Section):
    """What an argument must be; exactly one key. A plain value means `equals`, a list `one_of`."""

    equals: JsonValue = None
    one_of: Annotated[tuple[JsonValue, ...], Field(min_length=1)] | None = None
    glob: Glob | None = None
    range: Range | None = None
    absent: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_value(cls, value: object) -> object:
        if isinstance(value, list):
            return {"one_of": value}
        return value if isinstance(value, dict | Matcher) else {"equals": value}

    @model_validator(mode="after")
    def _is_one(self) -> "Matcher":
        if len(self.model_fields_set) != 1:
            raise ValueError("expected one of: equals, one_of, glob, range, absent")
        return self


class Rule(Section):
    """One rule: it decides about the operations that it covers and that no rule before it did.

    `tools`, `prompts` and `resources` cover what is called, got and read by those names;
    `methods` narrows that, or stands alone. `arguments`, `cel` and `annotations` narrow `tools`.
    Without any of them a rule covers everything.
    """

    name: Name | None = None
    methods: Globs | None = None
    tools: Globs | None = None
    prompts: Globs | None = None
    resources: Globs | None = None
    arguments: Annotated[Mapping[str, Matcher], Field(min_length=1)] | None = None
    cel: Annotated[str, Field(min_length=1)] | None = None
    annotations: Annotated[Mapping[Hint, bool], Field(min_length=1)] | None = None
    allow: AllowedByRule
    mode: Mode = "enforce"
    contact: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _is_given(cls, value: object) -> object:
        # An empty `tools:` is meant to cover little, not to cover everything.
        if value is None:
            raise ValueError("expected a value; or leave the key out")
        return value

    @field_validator("cel")
    @classmethod
    def _is_cel(cls, value: str) -> str:
        compile_expression(value)
        return value

    @model_validator(mode="after")
    def _narrows_tools(self) -> "Rule":
        narrowed = (self.arguments, self.cel, self.annotations)
        if any(each is not None for each in narrowed) and self.tools is None:
            raise ValueError("arguments, cel and annotations belong to tools: name them, or '*'")
        return self


class Lists(Section):
    """What callers see in `tools/list` and the like, where the server has rules.

    `show`: what they may call (`allowed`), that and what more scopes would open (`reachable`),
    or `all`. `max_ttl` is how long a client may keep a list that was filtered.
    """

    show: Literal["allowed", "reachable", "all"] = "reachable"
    max_ttl: Seconds = 60.0
