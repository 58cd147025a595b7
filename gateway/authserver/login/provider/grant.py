"""What is remembered of a login at the provider, to ask again about the person."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Literal, Self

import msgspec

from gateway.authserver.login.login_method import Person

Kind = Literal["refresh_token", "access_token", "nothing"]


@dataclass(frozen=True, slots=True)
class ProviderGrant:
    """What the provider gave, and when it last answered, in Unix seconds.

    It travels sealed inside our own refresh token; `issuer` is the only one that may see it.
    """

    issuer: str
    kind: Kind
    checked_at: float
    token: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """What `dump` wrote; None for a person who logged in by another method."""
        return None if text is None else msgspec.json.decode(text, type=cls)

    def dump(self) -> str:
        """The text that `Person.login` holds."""
        return msgspec.json.encode(self).decode()

    def put_into(self, person: Person) -> Person:
        """The person with this to remember."""
        return replace(person, login=self.dump())

    @property
    def digest(self) -> str:
        """Names the token where it must not be seen."""
        return hashlib.sha256(self.token.encode()).hexdigest()
