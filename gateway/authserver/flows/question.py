"""What a person is asked about a client, as a digest, and whether the answer may be kept. Pure."""

import hashlib

import msgspec

from gateway.authserver.clients.client import Client
from gateway.oauth.redirect_uri import is_loopback_redirect, without_loopback_port

_DIGEST_BYTES = 16


def question_of(client: Client, redirect_uri: str, resource: str, title: str) -> str:
    """A digest of all that the page shows but the scopes, and of what the client can do.

    A client whose name, redirect URIs, keys or secret are others is another question. Its port on
    loopback is no part of it: that is another one each time.
    """
    place = without_loopback_port(redirect_uri) or redirect_uri
    asked = msgspec.json.encode((client, place, resource, title), order="deterministic")
    return hashlib.blake2b(asked, digest_size=_DIGEST_BYTES).hexdigest()


def may_be_remembered(client: Client, redirect_uri: str, *, login_asks: bool) -> bool:
    """Whether an answer may stand for the next time.

    Somebody must do something each time (RFC 6749 §10.2): a link in a mail counts as opened by the
    person, and leads into a session of whoever sent it. `login_asks` is True where every login does
    that, as a password does. And a scheme of a client's own is anybody's: RFC 8252 §8.6.
    """
    if not login_asks:
        return False
    is_vouched_for = client.kind == "configured" or client.verified_host is not None
    is_of_scheme = not redirect_uri.startswith("https://") and not is_loopback_redirect(
        redirect_uri
    )
    return is_vouched_for or not is_of_scheme
