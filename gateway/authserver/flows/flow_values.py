"""Flows on their way through the browser, and the one time that each may end well."""

import secrets
from typing import Literal

from gateway.authserver.flows.flow import Flow
from gateway.authserver.sealed_values import Life, SealedValues
from gateway.errors import AccessDenied
from gateway.store.store import Store

# A flow before and after the person consented: the one never passes for the other.
Phase = Literal["asked", "consented"]
LIFETIME_S = 600.0
FINISHED = "finished-flow"
_ID_BYTES = 16


def new_flow_id() -> str:
    """A name for a flow and for the family of tokens that comes of it."""
    return secrets.token_urlsafe(_ID_BYTES)


def close_flow(sealed: SealedValues, flow: Flow, phase: Phase, now: float) -> str:
    """Seal a flow for its browser."""
    return sealed.close(flow, f"flow {phase}", (flow.browser,), now)


def open_flow(sealed: SealedValues, text: str, phase: Phase, browser: str, now: float) -> Flow:
    """Open a flow in the browser that it was sealed for. Raises `AccessDenied` in any other."""
    if not browser:
        raise AccessDenied(
            "Your browser sent no cookie of this server. Allow cookies and start again.",
            reason="other_browser",
        )
    flow = sealed.open(text, Flow, (f"flow {phase}", (browser,)), Life(now, LIFETIME_S))
    if flow is None:
        raise AccessDenied(
            "This page is too old or belongs to another browser. Start again in your client.",
            reason="flow_over",
        )
    return flow


async def finish_flow(store: Store, flow: Flow, now: float) -> None:
    """Use a flow up. Raises `AccessDenied` the second time, and `StoreUnavailable`."""
    if not await store.add(FINISHED, flow.flow_id, b"", now + 2 * LIFETIME_S):
        raise AccessDenied(
            "This login was finished already. Start again in your client.", reason="flow_used"
        )
