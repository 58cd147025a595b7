"""What operators learn of a credential that was refused, and clients never do. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who a credential that was refused says that its caller is; for the audit log only.

    `verified` is False where nobody has checked that the issuer said so.
    """

    subject: str | None
    issuer: str | None = None
    client_id: str | None = None
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What a credential should have said and what it says; for operators only.

    `what` is the claim or header member; the values are bounded and never the credential itself.
    """

    what: str
    expected: tuple[str, ...]
    received: str
