"""Which URLs an upstream may mean itself by: redirects, and endpoints of legacy streams. Pure.

An upstream makes its URLs from what it was sent: its own Host, or the public one in
`X-Forwarded-Host`, with either scheme, since `X-Forwarded-Proto` says how the caller came. Each
of these leads back to it, so only path and query are used. Any other host is not the upstream.
"""

from urllib.parse import SplitResult, urljoin, urlsplit

from gateway.http.message_head import is_origin_form
from gateway.proxy.upstream.target import Target

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class OwnUrls:
    """The URLs of one upstream; `host` is what Host says, None for the target's authority."""

    def __init__(self, target: Target, public_url: str, host: str | None = None) -> None:
        scheme = "https" if target.tls else "http"
        self._base = f"{scheme}://{target.authority}{target.path}"
        urls = [self._base, public_url, f"{scheme}://{host or target.authority}"]
        self._hosts = frozenset(_host(urlsplit(url)) for url in urls)

    def target_of(self, reference: str) -> bytes | None:
        """Path and query of a URL, None when it leads to another host or nowhere."""
        try:
            url = urlsplit(urljoin(self._base, reference))
        except ValueError:
            return None
        if url.scheme not in _DEFAULT_PORTS or _host(url) not in self._hosts:
            return None
        path = url.path or "/"
        target = (f"{path}?{url.query}" if url.query else path).encode(errors="surrogatepass")
        return target if is_origin_form(target) else None


def origin_of(reference: str) -> str:
    """What a log may tell of a URL: neither its path nor its query, which may hold secrets."""
    try:
        url = urlsplit(reference)
    except ValueError:
        return "no URL"
    host = url.netloc.rpartition("@")[2]
    return f"{url.scheme}://{host}" if host else "a path"


def _host(url: SplitResult) -> str:
    return url.netloc.lower().removesuffix(_DEFAULT_PORTS.get(url.scheme, ":"))
