"""Logging in from a machine without a browser: RFC 8628."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from gateway.client.failure import ClientFailure, Refused
from gateway.client.tokens.logins import Registration, Tokens
from gateway.client.tokens.token_endpoint import ask, error_text, exchange
from gateway.client.urls import is_confidential
from gateway.client.web import Web
from gateway.identity.token.leniency import parse_number
from gateway.oauth.registration import DEVICE_GRANT

_INTERVAL_S = 5.0  # RFC 8628 §3.2, what is not said
_SLOWER_S = 5.0  # RFC 8628 §3.5
_LIFETIME_S = 600.0
_PENDING, _SLOW_DOWN = "authorization_pending", "slow_down"


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person types where: RFC 8628 §3.2; times in seconds."""

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    complete_uri: str | None
    lifetime_s: float
    interval_s: float


@dataclass(frozen=True, slots=True)
class DeviceFlow:
    """The endpoints and the client of one login."""

    web: Web
    authorization_endpoint: str
    token_endpoint: str
    registration: Registration
    resource: str

    async def begin(self, scopes: Sequence[str]) -> DeviceCode:
        """Ask for a code. Raises `ClientFailure`."""
        form = {"resource": self.resource} | ({"scope": " ".join(scopes)} if scopes else {})
        answer = await ask(self.web, self.authorization_endpoint, self.registration, form)
        if answer.status != HTTPStatus.OK or answer.document is None:
            raise ClientFailure(f"the issuer gives no device code: {error_text(answer)}")
        return parse_device_code(answer.document)

    async def wait(self, code: DeviceCode) -> Tokens:
        """Ask at the agreed pace until the person has decided. Raises `ClientFailure`."""
        form = {"grant_type": DEVICE_GRANT, "device_code": code.device_code}
        form["resource"] = self.resource
        interval_s, ends_at = code.interval_s, time.monotonic() + code.lifetime_s
        while time.monotonic() < ends_at:
            await asyncio.sleep(interval_s)
            try:
                return await exchange(
                    self.web, self.token_endpoint, self.registration, form, time.time()
                )
            except Refused as refused:
                if refused.code == _SLOW_DOWN:
                    interval_s += _SLOWER_S
                elif refused.code != _PENDING:
                    raise
        raise ClientFailure("nobody typed the code in time; try again")


def parse_device_code(document: Mapping[str, object]) -> DeviceCode:
    """Read the answer. Raises `ClientFailure` when a member is missing or leads astray."""
    given = [document.get(name) for name in ("device_code", "user_code", "verification_uri")]
    device_code, user_code, uri = (each if isinstance(each, str) else "" for each in given)
    complete = document.get("verification_uri_complete")
    if not (device_code and user_code and is_confidential(uri)):
        raise ClientFailure("the issuer sent no usable device code; log in without --device")
    return DeviceCode(
        device_code,
        user_code,
        uri,
        complete if isinstance(complete, str) and is_confidential(complete) else None,
        _seconds(document.get("expires_in"), _LIFETIME_S),
        _seconds(document.get("interval"), _INTERVAL_S),
    )


def _seconds(value: object, otherwise: float) -> float:
    number = parse_number(value)
    return float(number) if isinstance(number, int | float) and number > 0 else otherwise
