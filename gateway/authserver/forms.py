"""Bodies that were posted: forms (RFC 6749 appendix B) and what else a client may send."""

from urllib.parse import parse_qsl

from aiohttp import web

from gateway.errors import BodyTooLarge, InvalidRequest
from gateway.oauth.parameters import Parameters, parse_parameters

MAX_BODY_BYTES = 64 * 1024
_MAX_FIELDS = 64
_FORM = "application/x-www-form-urlencoded"


async def form_of(request: web.Request) -> Parameters:
    """The parameters of a form.

    Raises `InvalidRequest` for another media type, and for a parameter that comes twice.
    """
    if request.content_type != _FORM:
        raise InvalidRequest(f"Send {_FORM}.", reason="media_type")
    try:
        text = (await body_of(request)).decode("utf-8")
        pairs = parse_qsl(text, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise InvalidRequest("The form is malformed.") from None
    return parse_parameters(pairs)


async def body_of(request: web.Request) -> bytes:
    """The body. Raises `BodyTooLarge`; what no client would send is not even read."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise BodyTooLarge("The body is too large.")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:  # aiohttp's own limit, for a body of no told length
        raise BodyTooLarge("The body is too large.") from None
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge("The body is too large.")
    return body
