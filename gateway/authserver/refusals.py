"""Error pages: what happened and what to do, in fixed words."""

import secrets

from aiohttp import web

from gateway.authserver.answers import page_answer
from gateway.authserver.flows.way_back import WayBack
from gateway.authserver.server import AuthorizationServer
from gateway.authserver.steps import Step
from gateway.errors import GatewayError
from gateway.oauth.errors import InvalidClient
from gateway.oauth.redirect_uri import redirect_place
from gateway.pages.error import ErrorView, error_page

_TITLE = "The login cannot go on"
_FORGOTTEN = (
    "Your client uses a registration that this server does not know. Remove the server in your"
    " client and add it again: it then registers anew."
)
# Some clients try the URL first, and register anew at this status.
_UNKNOWN_CLIENT_STATUS = 400


def refuse_with_page(
    server: AuthorizationServer, step: Step, error: GatewayError, client_id: str
) -> web.Response:
    """Tell the person: there is nowhere to send the browser to."""
    request_id = new_request_id()
    server.steps.failed(step, error, client_id, request_id)
    of_client = isinstance(error, InvalidClient)
    # One with a metadata document registers nothing: its error says what is wrong.
    is_forgotten = of_client and error.reason == InvalidClient.default_reason
    what_to_do = _FORGOTTEN if is_forgotten else error.description
    status = _UNKNOWN_CLIENT_STATUS if of_client else error.status
    return page_answer(error_page(ErrorView(_TITLE, what_to_do, request_id), server.brand), status)


def refuse_at_client(
    server: AuthorizationServer, step: Step, error: GatewayError, way_back: WayBack
) -> web.Response:
    """Tell the person, who may tell the client: it is not one to be sent to unasked."""
    request_id = new_request_id()
    server.steps.failed(step, error, way_back.client.client_id, request_id)
    view = ErrorView(
        _TITLE,
        error.description,
        request_id,
        way_back.failure(error),
        redirect_place(way_back.redirect_uri),
    )
    return page_answer(error_page(view, server.brand), error.status)


def new_request_id() -> str:
    """What joins a page and a line of the log."""
    return secrets.token_hex(8)
