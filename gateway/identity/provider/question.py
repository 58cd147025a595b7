"""What a provider is asked, which answers are expected, and how to tell whose fault another is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from gateway.identity.provider.fetch import Answer, Call

# Shown in a caller's place: no issuer has given it out.
SAMPLE_TOKEN = "mcpgw-sample-of-no-caller"  # noqa: S105 - nobody's token
_LONGEST_RETRY_S = 300


@dataclass(frozen=True, slots=True)
class Sample:
    """The same question without anything of a caller's; `is_fine` judges the answer.

    A service that answers it as it must is sound, whatever it answered to a caller.
    """

    call: Callable[[], Call]
    is_fine: Callable[[Answer], bool]


@dataclass(frozen=True, slots=True)
class Question:
    """One question; other answers than the expected ones are put to the sample.

    `by_caller` is False where nothing of a caller's is in it; without a sample a strange answer
    is then the service's fault, and otherwise the caller's.
    """

    call: Call
    is_expected: Callable[[Answer], bool] = field(default=lambda answer: True)
    sample: Sample | None = None
    by_caller: bool = True


def asks_for_patience(answer: Answer) -> bool:
    """Whether a 403 only says that too much was asked; the token may well be good."""
    limited = "Retry-After" in answer.headers or answer.headers.get("X-RateLimit-Remaining") == "0"
    return answer.status == HTTPStatus.FORBIDDEN and limited


def retry_after_s(answer: Answer) -> int:
    """Seconds that the service asks to wait, within reason."""
    text = answer.headers.get("Retry-After", "")
    return min(int(text), _LONGEST_RETRY_S) if text.isascii() and text.isdigit() else 5
