"""What every section is made of: the base class and the small annotated types."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
)

from gateway.config.email_address import check_domain, check_email
from gateway.config.scalars import parse_count, parse_seconds, parse_size

REDACTED = "<redacted>"
Seconds = Annotated[
    float,
    BeforeValidator(parse_seconds, json_schema_input_type=str),
    Field(ge=0),
    PlainSerializer(
        lambda seconds: f"{seconds:.3f}".rstrip("0").rstrip(".") + "s", return_type=str
    ),
]
Bytes = Annotated[int, BeforeValidator(parse_size, json_schema_input_type=str | int), Field(ge=0)]
Count = Annotated[int, BeforeValidator(parse_count)]
NAME_PATTERN = r"^[a-z][a-z0-9_-]{0,62}$"
SCOPE_PATTERN = r"^[\x21\x23-\x5B\x5D-\x7E]+$"  # RFC 6749 §3.3
SCOPE_PREFIX_PATTERN = r"^[\x21\x23-\x5B\x5D-\x7E]*$"
HEADER_PATTERN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"  # RFC 9110 §5.1
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Scope = Annotated[str, Field(pattern=SCOPE_PATTERN)]
HeaderName = Annotated[str, Field(pattern=HEADER_PATTERN)]
ClaimPath = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class SecretMark:
    """Marks a value that is never printed and that has a `*_file` twin."""


Secret = Annotated[
    SecretStr,
    Field(min_length=1),
    PlainSerializer(lambda secret: REDACTED, return_type=str),
    SecretMark(),
]

AsymmetricAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "Ed25519", "EdDSA",
]  # fmt: skip


# Sets have no order of their own, but the same configuration prints the same way.
SORTED = PlainSerializer(sorted, return_type=list[str])
Scopes = Annotated[frozenset[Scope], SORTED]
# An empty entry would match whoever lacks the claim: `emails: ["${env:ADMIN}"]` with ADMIN empty.
Member = Annotated[str, Field(min_length=1)]
Members = Annotated[frozenset[Member], Field(min_length=1), SORTED]
Domain = Annotated[str, AfterValidator(check_domain)]
Email = Annotated[str, Field(min_length=1), AfterValidator(check_email)]
Emails = Annotated[frozenset[Email], Field(min_length=1), SORTED]
Domains = Annotated[frozenset[Domain], Field(min_length=1), SORTED]


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change.

    A section that stands when a file says nothing of it is made by `model_construct`: a call of
    its class would build its validator, 0.5 ms at each start, to judge our own defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
