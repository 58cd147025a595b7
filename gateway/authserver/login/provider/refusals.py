"""Why a login at the provider did not end well, as the person reads it."""

from gateway.authserver.login.provider.response import ProviderRefusal
from gateway.errors import AccessDenied, InvalidToken


def login_refused(refusal: ProviderRefusal) -> AccessDenied:
    """The provider's own words, bounded; the page escapes them."""
    return AccessDenied(
        f"The identity provider refused the login. It says: {refusal}", reason="provider_refused"
    )


def bad_id_token(error: InvalidToken) -> AccessDenied:
    """What is wrong with an ID token is for the operator: it is in the log by its reason."""
    return AccessDenied(
        "The identity provider's answer about you cannot be trusted"
        f" ({error.reason.replace('_', ' ')}). Start again in your client.",
        reason="provider_id_token",
    )
