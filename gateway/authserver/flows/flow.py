"""One login that is under way; it travels sealed through the browser, and nothing is stored."""

from dataclasses import dataclass

from gateway.authserver.clients.client import Client


@dataclass(frozen=True, slots=True)
class Flow:
    """What a client asked for, checked and narrowed, and the browser that asked.

    `resource` is the one server's, `scopes` what will be granted. `state` and `code_challenge`
    are the client's; `dpop_key` is the thumbprint that it binds the code to (RFC 9449 §10).
    `server` is the name of the MCP server, `browser` that of the browser's own cookie. A login
    for a device has its id and the code that it shows, and no redirect URI (RFC 8628).
    `question` is a digest of what the person is asked, None where no answer is remembered;
    `answered_by` is the subject who answered it before, None who was asked in this flow.
    """

    flow_id: str
    client: Client
    redirect_uri: str
    resource: str
    server: str
    scopes: frozenset[str]
    code_challenge: str
    browser: str
    state: str | None = None
    login_hint: str | None = None
    dpop_key: str | None = None
    device_id: str | None = None
    user_code: str | None = None
    question: str | None = None
    answered_by: str | None = None
