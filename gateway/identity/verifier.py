"""What every kind of token check looks like from outside."""

from typing import Protocol

from gateway.identity.principal import Principal


class Verifier(Protocol):
    """Turns a token into a principal.

    None means "not mine": the next verifier is asked. `InvalidToken` means "mine and bad".
    `IdentityUnavailable` means that nobody can know right now.
    """

    async def verify(self, token: str, now: float) -> Principal | None: ...
