"""Which fields end at the gateway, in both directions, and why: the reviewed table. Data only.

`docs/headers.md` is made from it. A name that ends in `*` stands for all that begin so; every
spelling that some server reads as the name is meant (`field_names.fold`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """Fields that end here for one reason."""

    names: tuple[str, ...]
    reason: str


HOP_BY_HOP = Row(
    (
        "connection",
        "http2-settings",
        "keep-alive",
        "proxy-*",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ),
    "between two neighbours only (RFC 9110 §7.6.1); `Proxy-*` is for a proxy",
)

FROM_REQUESTS: tuple[Row, ...] = (
    HOP_BY_HOP,
    Row(
        ("authorization", "dpop", "cookie"),
        "the caller's credentials are for the gateway (MCP authorization, no token passthrough)",
    ),
    Row(
        ("accept-encoding", "content-length", "expect", "host", "mcp-session-id", "x-request-id"),
        "the gateway says these itself",
    ),
    Row(
        (
            "cf-connecting-ip",
            "cf-connecting-ipv6",
            "fastly-client-ip",
            "fly-client-ip",
            "forwarded",
            "true-client-ip",
            "x-client-ip",
            "x-cluster-client-ip",
            "x-forwarded-*",
            "x-originating-ip",
            "x-real-ip",
            "x-remote-addr",
            "x-remote-ip",
        ),
        "where a request comes from is said by the gateway, in `X-Forwarded-*`; servers believe "
        "the others as well",
    ),
    Row(
        (
            "x-http-method",
            "x-http-method-override",
            "x-method-override",
            "x-original-*",
            "x-rewrite-url",
        ),
        "frameworks take method or path from it, and the gateway has decided about others",
    ),
    Row(("proxy",), "CGI makes `HTTP_PROXY` of it (CVE-2016-5385, httpoxy)"),
    Row(
        ("x-user", "x-user-*", "x-username", "x-client-id", "x-email", "x-groups", "x-roles"),
        "what the upstream learns about the caller comes from the gateway, also where its "
        "identity headers have other names",
    ),
    Row(
        ("remote-*", "x-remote-*", "x-webauth-*", "x-sso-*"),
        "the caller as web servers and Authelia, Grafana or Kubernetes take it from a proxy",
    ),
    Row(
        ("x-auth-request-*", "x-authenticated-*", "x-authentik-*", "x-pomerium-*", "x-vouch-*"),
        "the caller as oauth2-proxy, Authentik, Pomerium, Vouch and API gateways tell it",
    ),
    Row(
        (
            "x-access-token",
            "x-apigateway-api-userinfo",
            "x-consumer-*",
            "x-credential-*",
            "x-endpoint-api-userinfo",
            "x-id-token",
            "x-jwt-*",
            "x-userinfo",
        ),
        "the caller as Kong, Google's API gateways and Envoy's JWT filter tell it",
    ),
    Row(
        (
            "cf-access-*",
            "tailscale-*",
            "x-amzn-oidc-*",
            "x-goog-authenticated-user-*",
            "x-goog-iap-*",
            "x-ms-client-principal*",
            "x-ms-token-*",
            "x-serverless-authorization",
        ),
        "the caller as Cloudflare Access, Tailscale, AWS, Google Cloud and Azure tell it",
    ),
    Row(
        ("oidc-*", "shib-*", "x-oidc-*", "x-shib-*"),
        "the caller as mod_auth_openidc and Shibboleth tell it",
    ),
    Row(("impersonate-*",), "Kubernetes acts as whom it names"),
    Row(
        ("client-cert*", "ssl-client-*", "x-arr-*", "x-client-cert*", "x-ssl-*"),
        "a certificate that a proxy has seen (RFC 9440); this gateway has seen none",
    ),
    Row(("x-envoy-*",), "orders to an Envoy in front of the upstream"),
    Row(("x-gateway-*",), "the gateway's own, such as its assertion"),
)

FROM_RESPONSES: tuple[Row, ...] = (
    HOP_BY_HOP,
    Row(
        (
            "authentication-control",
            "authentication-info",
            "dpop-nonce",
            "optional-www-authenticate",
            "www-authenticate",
        ),
        "would be taken for the gateway's word on its own credentials",
    ),
    Row(
        (
            "login-status",
            "sec-session-*",
            "secure-session-*",
            "set-cookie",
            "set-cookie2",
            "set-login",
        ),
        "would begin a session of the browser with the gateway's origin",
    ),
    Row(("access-control-*", "timing-allow-origin"), "which pages may read is the gateway's word"),
    Row(
        (
            "accept-ch",
            "ad-auction-*",
            "alt-svc",
            "attribution-reporting-*",
            "clear-site-data",
            "critical-ch",
            "expect-ct",
            "nel",
            "observe-browsing-topics",
            "origin-agent-cluster",
            "origin-trial",
            "public-key-pins*",
            "report-to",
            "reporting-endpoints",
            "service-worker-allowed",
            "shared-storage-write",
            "speculation-rules",
            "strict-transport-security",
            "supports-loading-mode",
        ),
        "speaks about a whole origin, and the origin that the browser sees is the gateway's",
    ),
    Row(
        ("content-location", "location", "refresh"),
        "leads to an address of the upstream; redirects are followed by the gateway",
    ),
    Row(
        (
            "x-accel-charset",
            "x-accel-expires",
            "x-accel-limit-rate",
            "x-accel-redirect",
            "x-envoy-*",
            "x-lighttpd-*",
            "x-reproxy-*",
            "x-sendfile*",
        ),
        "orders to a proxy in front of the gateway: to hand out a file of its own, for one",
    ),
    Row(
        (
            "cdn-cache-control",
            "cloudflare-cdn-cache-control",
            "edge-control",
            "surrogate-control",
            "surrogate-key",
            "vercel-cdn-cache-control",
        ),
        "what shared caches may keep; an answer depends on who asks (`Cache-Control`: above)",
    ),
    Row(
        ("content-length", "x-content-type-options", "x-request-id"),
        "the gateway says these itself",
    ),
    Row(("x-gateway-*",), "the gateway's own"),
)
