"""The authorization response as its client reads it: RFC 6749 §4.1.2, RFC 9207 §2.4."""

import re
from dataclasses import dataclass, field

from gateway.errors import AccessDenied, InvalidRequest
from gateway.oauth.parameters import Parameters

MAX_TEXT_CHARS = 200
_CODE = re.compile(r"[\x21-\x7e]{1,4096}")
_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,60}")


@dataclass(frozen=True, slots=True)
class ExpectedIssuer:
    """Who must have answered; `is_promised` when its metadata says that it names itself."""

    issuer: str
    is_promised: bool = False


@dataclass(frozen=True, slots=True)
class ProviderRefusal:
    """Why somebody did not log in, in the provider's words; `text` may be empty."""

    error: str
    text: str = field(default="")

    def __str__(self) -> str:
        return f"{self.error}: {self.text}" if self.text else self.error


def check_issuer(parameters: Parameters, expected: ExpectedIssuer) -> None:
    """Raise `AccessDenied` unless the response is of the issuer that was asked.

    It comes before anything else of the response is read, an error too. Compared as it is:
    no slash and no case is forgiven (RFC 9207 §2.4).
    """
    named = parameters.get("iss")
    if named == expected.issuer or (named is None and not expected.is_promised):
        return
    raise AccessDenied(
        "Another identity provider answered than the one that was asked.", reason="provider_issuer"
    )


def parse_authorization_response(parameters: Parameters) -> str | ProviderRefusal:
    """The code, or why there is none. Raises `InvalidRequest` for what is neither."""
    error = parameters.get("error")
    if error is not None:
        return parse_refusal(error, parameters.get("error_description"))
    code = parameters.get("code")
    if code is None or not _CODE.fullmatch(code):
        raise InvalidRequest(
            "The identity provider's answer holds no code.", reason="provider_answer"
        )
    return code


def parse_refusal(error: object, text: object) -> ProviderRefusal:
    """A refusal in words that fit on a page and into a line of a log; to be escaped there."""
    code = error if isinstance(error, str) and _ERROR.fullmatch(error) else "error"
    shown = text if isinstance(text, str) else ""
    # One line of what can be printed: providers add traces and time stamps.
    shown = "".join(each if each.isprintable() else " " for each in shown)
    shown = " ".join(shown.split())
    return ProviderRefusal(code, shown[:MAX_TEXT_CHARS])
