"""Where issuers tell that a session is over: OIDC Back-Channel Logout 1.0 §2.5, §2.8."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.errors import InvalidToken, UnsupportedMediaType

_FORM = "application/x-www-form-urlencoded"
_NO_STORE = {"Cache-Control": "no-store"}
_REFUSED = b'{"error":"invalid_request","error_description":"The logout token is not accepted."}'

# Verifies a logout token and acts on it. Raises `InvalidToken` and `IdentityUnavailable`.
TakeLogout = Callable[[str], Awaitable[None]]


def take_logouts(take: TakeLogout) -> Handler:
    """Answer 200 when the logout took effect, 400 for a bad token, 503 when nobody can know."""

    async def receive(request: web.Request) -> web.Response:
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != _FORM:
            raise UnsupportedMediaType("A logout token comes in a form.")
        try:
            await take(_parse_token(await request.read()))
        except InvalidToken:
            # One text for every reason: else the endpoint would tell which keys are trusted.
            headers = {"Content-Type": "application/json"} | _NO_STORE
            return web.Response(status=400, body=_REFUSED, headers=headers)
        return web.Response(headers=_NO_STORE)

    return receive


def _parse_token(body: bytes) -> str:
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
    except ValueError as error:
        raise InvalidToken("The form is malformed.", reason="malformed") from error
    tokens = fields.get("logout_token", [])
    if len(tokens) != 1:
        raise InvalidToken("One logout token is needed.", reason="malformed")
    return tokens[0]
