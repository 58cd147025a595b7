"""What a request asks for: the unit of decisions, audit and metrics."""

from collections.abc import Sequence

import msgspec

from gateway.mcp.message import Message


class Operation(msgspec.Struct, frozen=True, gc=False):
    """The first message of a request stands for it; `messages` are all.

    All None for GET and DELETE, which carry no message.
    """

    method: str | None = None
    name: str | None = None
    id: int | str | None = None
    revision: str | None = None
    messages: Sequence[Message] = ()

    @property
    def count(self) -> int:
        """How many messages there are."""
        return len(self.messages)


def operation_of(messages: Sequence[Message], revision: str | None) -> Operation:
    """Sum a request up. The body's own revision wins over the header's."""
    if not messages:
        return Operation(revision=revision)
    first = messages[0]
    # A batch has no one id that an error could answer.
    answerable = first.id if len(messages) == 1 and first.kind == "request" else None
    return Operation(first.method, first.name, answerable, first.revision or revision, messages)
