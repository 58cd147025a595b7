"""What a client connection is doing, which says what bytes that come mean."""

from enum import Enum


class Phase(Enum):
    """What a connection is doing."""

    OPEN = "nothing has come yet; the first head must be whole in time"
    IDLE = "between requests; it may be closed at any time"
    HEAD = "a head has begun, and must be whole in time"
    SERVING = "a request is served; its body arrives, and later bytes wait"
    SKIPPING = "the answer is out, and the rest of the body is dropped before the next head"
    LINGERING = "the last answer is out; what still comes is dropped until the client is done"
    CLOSED = "nothing is read or written any more"
