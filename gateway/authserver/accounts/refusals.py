"""Why nobody is logged in to a local account."""

from gateway.errors import GatewayError, RateLimited


class LoginRefused(GatewayError):
    """The name, the password or the code is wrong, or the account disabled; see `reason`."""

    status = 403
    code = "access_denied"
    jsonrpc_code = -32003
    default_reason = "wrong_password"

    def __init__(self, *, reason: str | None = None) -> None:
        # Same text for every reason: else anybody can list accounts, or try passwords apart.
        super().__init__(
            "The name or the password is wrong, or the code where the account has one.",
            reason=reason,
        )


class LoginThrottled(RateLimited):
    """Too many tries failed, or too many are waiting: nothing was compared."""

    default_reason = "login_throttled"

    def __init__(self, retry_after_s: int, *, reason: str) -> None:
        super().__init__("Too many tries to log in.", retry_after_s, reason=reason)
