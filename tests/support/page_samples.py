"""One of each page that people see, with plausible words and with hostile ones."""

from collections.abc import Mapping
from dataclasses import replace

from gateway.pages.add_to_client import add_to_client_page
from gateway.pages.brand import UNBRANDED, Brand
from gateway.pages.consent import ConsentView, consent_page
from gateway.pages.device import DeviceView, device_page
from gateway.pages.error import ErrorView, error_page
from gateway.pages.forward import ForwardView, forward_page
from gateway.pages.login import LoginView, login_page
from gateway.pages.page import Page
from gateway.pages.server_info import ServerSummary, server_info_page
from gateway.pages.success import SuccessView, success_page

ORIGIN = "https://mcp.example.com"
FILES = f"{ORIGIN}/files/mcp"
# A circle: the smallest logo there is.
LOGO = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E"
    "%3Ccircle cx='4' cy='4' r='4' fill='%230a7d55'/%3E%3C/svg%3E"
)
ACME = Brand("Acme", LOGO, "#0a7d55", "help@acme.example")
HOSTILE = "\u202e</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;" + "x" * 300

CONSENT = ConsentView(
    action=f"{ORIGIN}/authorize/consent",
    flow="sealed",
    client_name="Claude Code",
    verified_host=None,
    is_configured=False,
    redirect_host="localhost:54545",
    is_loopback=True,
    server_title="Acme Files",
    resource=FILES,
    scopes=["files:read", "files:write"],
    scope_descriptions={"files:read": "Read your files"},
)
VERIFIED = replace(
    CONSENT,
    client_name="Claude",
    verified_host="claude.ai",
    redirect_host="claude.ai",
    is_loopback=False,
)
LOGIN = LoginView(f"{ORIGIN}/authorize/login", "sealed", "Claude Code", "Acme Files")
DEVICE = DeviceView(f"{ORIGIN}/device", user_code="WDJB-MJHT")
ERROR = ErrorView(
    "The login cannot go on",
    "Your client uses a registration that this server does not know. Remove the server in your"
    " client and add it again: it then registers anew.",
    "b0a1c2d3e4f50617",
)
SUMMARY = ServerSummary(
    "files",
    "Acme Files",
    FILES,
    f"{ORIGIN}/.well-known/oauth-protected-resource/files/mcp",
    [ORIGIN],
    ["files:read"],
)


def every_page(brand: Brand = UNBRANDED) -> Mapping[str, Page]:
    """Each page by its name."""
    refused = replace(LOGIN, login_hint="ada", error="The name or the password is wrong.")
    return {
        "add-to-client": add_to_client_page(
            title="Acme Files", name="files", url=FILES, brand=brand
        ),
        "servers": server_info_page([SUMMARY, replace(SUMMARY, title="Acme Mail")], brand),
        "consent": consent_page(CONSENT, brand),
        "consent-verified": consent_page(VERIFIED, brand),
        "consent-remembered": consent_page(replace(CONSENT, remember_s=30 * 86400.0), brand),
        "consent-device": consent_page(replace(CONSENT, user_code="WDJB-MJHT"), brand),
        "login": login_page(LOGIN, brand),
        "login-failed": login_page(replace(refused, asks_for_code=True), brand),
        "device": device_page(DEVICE, brand),
        "device-failed": device_page(replace(DEVICE, error="No device waits for it."), brand),
        "forward": forward_page(ForwardView("http://localhost:1/cb?code=x", "Claude Code"), brand),
        "success": success_page(SuccessView("Claude Code"), brand),
        "error": error_page(ERROR, brand),
        "error-back": error_page(replace(ERROR, back_url=ORIGIN, back_host="a.example"), brand),
    }


def every_hostile_page() -> Mapping[str, Page]:
    """Each page with the same attack in every value that somebody else chooses."""
    evil = replace(
        CONSENT,
        client_name=HOSTILE,
        redirect_host=HOSTILE,
        server_title=HOSTILE,
        resource=HOSTILE,
        flow=HOSTILE,
        scopes=[HOSTILE],
    )
    login = LoginView("/authorize/login", HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    summary = replace(SUMMARY, title=HOSTILE, url=HOSTILE, authorization_servers=[HOSTILE])
    return {
        "add-to-client": add_to_client_page(title=HOSTILE, name=HOSTILE, url=HOSTILE),
        "servers": server_info_page([summary]),
        "consent": consent_page(evil),
        "consent-verified": consent_page(replace(evil, verified_host=HOSTILE)),
        "consent-device": consent_page(replace(evil, user_code=HOSTILE)),
        "login": login_page(login),
        "device": device_page(DeviceView("/device", HOSTILE, HOSTILE, HOSTILE)),
        "forward": forward_page(ForwardView(f"https://a.example/?{HOSTILE}", HOSTILE)),
        "success": success_page(SuccessView(HOSTILE)),
        "error": error_page(ErrorView(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)),
        "brand": success_page(SuccessView("x"), Brand(HOSTILE, HOSTILE, contact=HOSTILE)),
    }
