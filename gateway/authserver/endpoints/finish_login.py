"""`POST /authorize/login`, `GET /authorize/callback`: the person is known; the code goes out."""

from dataclasses import replace

from aiohttp import web

from gateway.authserver.answers import page_answer
from gateway.authserver.endpoints.consent import ask_consent, way_back_of
from gateway.authserver.flows.consents import Ended
from gateway.authserver.flows.flow import Flow
from gateway.authserver.flows.flow_values import finish_flow, new_flow_id, open_flow
from gateway.authserver.grants.client_credentials import SUBJECT_PREFIX
from gateway.authserver.login.login_method import Person
from gateway.authserver.server import AuthorizationServer
from gateway.errors import AccessDenied
from gateway.pages.forward import ForwardView, forward_page
from gateway.pages.success import SuccessView, success_page


async def finish_login(server: AuthorizationServer, request: web.Request) -> web.StreamResponse:
    """Send the code to the client, by a page of our own: see `pages/forward.py`.

    Raises `AccessDenied` in another browser, the second time, and for who may not log in.
    """
    if request.method == "POST":
        server.browsers.check_own_form(request)
    sealed = await server.login.sealed_flow(request)
    now = server.clocks.wall()
    flow = open_flow(server.sealed, sealed, "consented", server.browsers.known(request), now)
    person = await server.login.finish(request, flow)
    if not isinstance(person, Person):
        return person
    if person.subject.startswith(SUBJECT_PREFIX):
        raise AccessDenied("No person has such a name.", reason="subject_of_client")
    if flow.answered_by is not None and flow.answered_by != person.subject:
        # Somebody else consented in this browser: this person has not been asked yet.
        return ask_consent(server, replace(flow, flow_id=new_flow_id()), server.clocks.wall())
    response = await _send_code(server, flow, person)
    server.consents.keep(request, response, Ended(flow, person.subject, server.clocks.wall()))
    return response


async def _send_code(server: AuthorizationServer, flow: Flow, person: Person) -> web.Response:
    # The time of the code begins now, however long the login took.
    now = server.clocks.wall()
    await finish_flow(server.store, flow, now)
    code = server.grants.codes.issue(flow, person, now)
    if flow.device_id is not None:
        return await _leave_for_device(server, flow, code)
    server.steps.done("login")
    url = way_back_of(server, flow).success(code)
    return page_answer(forward_page(ForwardView(url, flow.client.shown_name), server.brand))


async def _leave_for_device(server: AuthorizationServer, flow: Flow, code: str) -> web.Response:
    """Keep the code for the device that polls. Raises `AccessDenied` for a second decision."""
    devices, device_id = server.devices, flow.device_id
    if devices is None or device_id is None:
        raise AccessDenied("Devices cannot log in here any longer.")
    if not await devices.decide(device_id, code, server.clocks.wall()):
        raise AccessDenied("This device has its answer already.", reason="flow_used")
    server.steps.done("login")
    return page_answer(success_page(SuccessView(flow.client.shown_name), server.brand))
