"""Runs an endpoint and answers its errors: JSON for programs, pages for people."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from gateway.authserver.answers import error_answer
from gateway.authserver.endpoints.token import step_of
from gateway.authserver.forms import form_of
from gateway.authserver.refusals import new_request_id, refuse_with_page
from gateway.authserver.server import AuthorizationServer
from gateway.authserver.steps import Step
from gateway.errors import GatewayError, IdentityUnavailable
from gateway.oauth.errors import AuthorizationPending
from gateway.store.unavailable import StoreUnavailable

Endpoint = Callable[[AuthorizationServer, web.Request], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def for_clients(server: AuthorizationServer, step: Step, endpoint: Endpoint) -> Handler:
    """An endpoint that programs ask: every error is JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await _told(endpoint, server, request)
        except AuthorizationPending as error:
            return error_answer(error)  # no step went wrong: a device asks until there is one
        except GatewayError as error:
            asked = await _asked(request)
            named = step_of(asked.get("grant_type")) if step == "token" else step
            server.steps.failed(named, error, asked.get("client_id", ""), new_request_id())
            return error_answer(error, uses_basic="Authorization" in request.headers)

    return handle


def for_people(server: AuthorizationServer, step: Step, endpoint: Endpoint) -> Handler:
    """An endpoint that browsers open: every error is a page."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            response = await _told(endpoint, server, request)
        except GatewayError as error:
            client_id = request.query.get("client_id", "")
            response = refuse_with_page(server, step, error, client_id)
        if step == "login":
            server.login.forget(request, response)
        return response

    return handle


async def _told(
    endpoint: Endpoint, server: AuthorizationServer, request: web.Request
) -> web.StreamResponse:
    try:
        return await endpoint(server, request)
    except StoreUnavailable as error:
        # What cannot be marked as used might be used twice.
        raise IdentityUnavailable("Try again in a moment.", reason="store_unavailable") from error


async def _asked(request: web.Request) -> dict[str, str]:
    """What of a refused form is safe to note."""
    try:
        form = await form_of(request)
    except GatewayError:
        return {}
    return {name: form.values[name] for name in ("client_id", "grant_type") if name in form.values}
