"""What a request asks for: the unit of decisions, audit and metrics."""

from collections.abc import Sequence

import msgspec

from gateway.mcp.message import Message

_LISTEN = "subscriptions/listen"


class Operation(msgspec.Struct, frozen=True, gc=False):
    """The first message of a request stands for it; `messages` are all.

    All None for GET and DELETE, which carry no message. `listens` when the answer to a message
    is a stream that stays open (2026-07-28, `subscriptions/listen`).
    """

    method: str | None = None
    name: str | None = None
    id: int | str | None = None
    revision: str | None = None
    messages: Sequence[Message] = ()
    listens: bool = False

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
    revision = first.revision or revision
    listens = any(each.method == _LISTEN for each in messages)
    return Operation(first.method, first.name, answerable, revision, messages, listens)
