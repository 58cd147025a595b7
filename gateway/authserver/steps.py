"""What became of each step of each login: a line in the log and a count."""

import logging
from collections.abc import Callable
from typing import Literal

from gateway.errors import GatewayError

logger = logging.getLogger(__name__)

Step = Literal[
    "register", "authorize", "consent", "login", "token", "refresh", "revoke", "introspect"
]
OnStep = Callable[[Step, str], None]
_ID_CHARS = 64

# What an operator, or whoever asks them, can do about a reason.
ADVICE = {
    "invalid_client": "the client's id is not of this server, or its sealing key was replaced:"
    " remove the server in the client and add it again",
    "client_document_unavailable": "the host of the client's metadata document does not answer this"
    " gateway, as some do with clouds: ship a copy by `client_documents.pinned`",
    "client_document_address": "the host of the client's metadata document is in a network that is"
    " not public: allow it by `client_documents.networks`, or pin a copy",
    "client_document_gone": "the client's metadata document is not there any more: update the"
    " client, or pin a copy by `client_documents.pinned`",
    "client_document_invalid": "the client's metadata document breaks a rule of"
    " docs/client-documents.md: its maker must mend it",
    "client_document_not_pinned": "`client_documents.fetch` is off and no copy of the client's"
    " metadata document is in `pinned`",
    "client_document_busy": "too many metadata documents are fetched at once: somebody may be"
    " trying names",
    "invalid_redirect_uri": "the client came with another redirect URI than it registered",
    "unknown_resource": "the client asks for a resource that is none of `servers`",
    "pkce_missing": "the client is too old: MCP clients send code_challenge",
    "pkce_method": "the client is too old: only S256 is taken",
    "other_browser": "the page was opened in another browser, or its cookies are blocked",
    "flow_over": "the page was open for longer than ten minutes: start again in the client",
    "flow_used": "the login was finished already: start again in the client",
    "code_unknown": "the code was not exchanged within a minute, or by another client",
    "code_reused": "a code came twice; all tokens of this login are void. Stolen, or a client"
    " that asks twice",
    "refresh_reused": "an old refresh token came after the grace; all tokens of this login are"
    " void. Stolen, or two clients that share a file of tokens",
    "refresh_unknown": "the refresh token is too old, or the sealing key was replaced",
    "store_unavailable": "the store does not answer; see `store.url` and /readyz",
    "provider_refused": "the login provider said no, in the words of `error`",
    "provider_issuer": "another provider answered than `authorization_server.provider` asked, or"
    " its answer names another issuer than its metadata",
    "provider_answer": "the login provider's answer holds neither code nor error",
    "provider_id_token": "the provider's ID token does not say what `authorization_server.provider`"
    " expects: its claims are not for `client_id`, not `require`, or not fresh",
    "provider_ended": "the provider ended the login: the person was disabled, logged out, or took"
    " the consent back",
    "provider_grant": "the provider gives no refresh token: see its page in docs/providers/ for"
    " the scope to ask for; until then people log in again after `max_stale`",
    "provider_changed": "`authorization_server.provider` names another provider than at the login",
    "provider_subject": "the provider's refresh token is now about somebody else",
    "groups_unknown": "the provider does not list all groups: `provider.group_lookup`, or fewer"
    " groups in its tokens",
    "idp_unavailable": "the login provider does not answer, or refuses the gateway's own client:"
    " see the line before",
    "wrong_password": "a wrong password, or the name of another account",
    "unknown_account": "nobody has this name; `mcpgw user list` shows who there is",
    "too_many_failures_of_account": "somebody tries passwords at one account from many networks",
    "too_many_failures_of_address": "somebody tries passwords at many accounts from one network",
    "assertion_bad": "the provider's assertion is not for this issuer, is over, is not signed by"
    " the provider, or allows no scope of this server",
    "assertion_client": "the assertion names another client: at the provider, the client's id here"
    " must be written down",
    "assertion_used": "an assertion came twice: stolen, or a client that asks twice",
    "rate_limited": "many registrations from one address: `registrations_per_address`",
}


class Steps:
    """Tells of steps; `on_step` counts them by step and reason, `ok` for a good one."""

    def __init__(self, on_step: OnStep = lambda step, reason: None) -> None:
        self._on_step = on_step

    def done(self, step: Step) -> None:
        """Note a step that went well."""
        self._on_step(step, "ok")

    def failed(self, step: Step, error: GatewayError, client_id: str, request_id: str) -> None:
        """Note one that did not, in words that an operator understands."""
        self._on_step(step, error.reason)
        told = {
            "step": step,
            "reason": error.reason,
            "client_id": client_id[:_ID_CHARS],
            "error": error.description,
            "request_id": request_id,
        }
        advice = ADVICE.get(error.reason)
        logger.warning("login step failed", extra=told | ({"advice": advice} if advice else {}))
