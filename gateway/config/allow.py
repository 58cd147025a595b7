"""Who may: the conditions of `allow`, of named roles and of rules. Data only."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from gateway.config.section import Domains, Emails, Members, Scopes, Section


class Allow(Section):
    """Who gets in: a caller needs to match one entry of every key that is given.

    `roles` are roles of the token or those that the configuration names. All sections of
    `all_of` and one section of `any_of` must hold too.
    """

    subjects: Members | None = None
    emails: Emails | None = None
    domains: Domains | None = None
    groups: Members | None = None
    roles: Members | None = None
    clients: Members | None = None
    issuers: Members | None = None
    scopes: Annotated[Scopes, Field(min_length=1)] | None = None
    all_of: Annotated[tuple["Allow", ...], Field(min_length=1)] | None = None
    any_of: Annotated[tuple["Allow", ...], Field(min_length=1)] | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _is_given(cls, value: object) -> object:
        # A key that somebody wrote and left empty is meant to restrict, not to be skipped.
        if value is None:
            raise ValueError("expected a list such as [a, b]; or leave the key out")
        return value


def _kind_of_allow(value: object) -> str:
    return "word" if isinstance(value, str) else "who"


Allowed = Annotated[
    Annotated[Literal["any", "anonymous"], Tag("word")] | Annotated[Allow, Tag("who")],
    Discriminator(_kind_of_allow),
]
AllowedByRule = Annotated[
    Annotated[Literal["any", "anonymous", "nobody"], Tag("word")] | Annotated[Allow, Tag("who")],
    Discriminator(_kind_of_allow),
]
