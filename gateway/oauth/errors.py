"""What an authorization server answers instead of a token: RFC 6749 §4.1.2.1, §5.2 and heirs."""

from gateway.errors import GatewayError


class InvalidClient(GatewayError):
    """Unknown, foreign, or not who it says: RFC 6749 §5.2. Clients register anew at it."""

    status = 401
    code = "invalid_client"
    default_reason = "invalid_client"


class UnauthorizedClient(GatewayError):
    """The client may not use this grant: RFC 6749 §5.2."""

    status = 400
    code = "unauthorized_client"
    default_reason = "unauthorized_client"


class InvalidGrant(GatewayError):
    """The code or refresh token is forged, expired, used or somebody else's: RFC 6749 §5.2."""

    status = 400
    code = "invalid_grant"
    default_reason = "invalid_grant"


class UnsupportedGrantType(GatewayError):
    """RFC 6749 §5.2."""

    status = 400
    code = "unsupported_grant_type"
    default_reason = "unsupported_grant_type"


class UnsupportedResponseType(GatewayError):
    """There is `code` only: RFC 6749 §4.1.2.1."""

    status = 400
    code = "unsupported_response_type"
    default_reason = "unsupported_response_type"


class InvalidTarget(GatewayError):
    """The resource is none of ours, or not the one that was granted: RFC 8707 §2."""

    status = 400
    code = "invalid_target"
    default_reason = "invalid_target"


class InvalidRedirectUri(GatewayError):
    """RFC 7591 §3.2.2."""

    status = 400
    code = "invalid_redirect_uri"
    default_reason = "invalid_redirect_uri"


class InvalidClientMetadata(GatewayError):
    """RFC 7591 §3.2.2."""

    status = 400
    code = "invalid_client_metadata"
    default_reason = "invalid_client_metadata"


class LoginRequired(GatewayError):
    """Nobody may be asked, and somebody would have to be: OIDC Core §3.1.2.6."""

    status = 400
    code = "login_required"
    default_reason = "login_required"


class AuthorizationPending(GatewayError):
    """The person has not decided yet: RFC 8628 §3.5."""

    status = 400
    code = "authorization_pending"
    default_reason = "authorization_pending"


class SlowDown(AuthorizationPending):
    """Still pending, and asked for too often: RFC 8628 §3.5."""

    code = "slow_down"
    default_reason = "slow_down"


class ExpiredToken(GatewayError):
    """The device code is over: RFC 8628 §3.5."""

    status = 400
    code = "expired_token"
    default_reason = "expired_token"


class DeviceDenied(GatewayError):
    """The person said no: RFC 8628 §3.5."""

    status = 400
    code = "access_denied"
    default_reason = "consent_denied"
