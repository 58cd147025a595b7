"""Credentials for upstreams and issuers that cannot be: two at once, or without their secret."""

from collections.abc import Iterator

from gateway.config.checks.identity_names import is_reserved_name
from gateway.config.issuer import ClientAuthentication
from gateway.config.model import Server, Upstream
from gateway.config.reading.problems import Finding, Path

_PATH: Path = ("upstream", "credential")


def find_bad_credentials(upstream: Upstream) -> Iterator[Finding]:
    """List mistakes, with paths from the server on."""
    credential = upstream.credential
    given = [name for name in type(credential).model_fields if getattr(credential, name)]
    if len(given) > 1:
        names = ", ".join(given)
        message = f"a request carries one credential and there is no fall-back; keep one of {names}"
        yield Finding(_PATH, message)
    header = credential.header
    if header is not None and is_reserved_name(header.header):
        message = "this header has a meaning already; name another one"
        yield Finding((*_PATH, "header", "header"), message)
    for name in ("client_credentials", "token_exchange"):
        section = getattr(credential, name)
        if section is not None:
            yield from find_bad_client_auth(section, (*_PATH, name))


def find_bad_exchange(server: Server) -> Iterator[Finding]:
    """List why nobody can say whose tokens the exchange endpoint is shown."""
    exchange, issuers = server.upstream.credential.token_exchange, server.auth.issuers
    if exchange is None:
        return
    path = (*_PATH, "token_exchange", "issuer")
    if exchange.issuer is not None and exchange.issuer not in issuers:
        message = f"the server takes no tokens of {exchange.issuer}; name one of its auth.issuers"
        yield Finding(path, message)
    if exchange.issuer is None and len(issuers) > 1:
        message = (
            "say whose tokens are exchanged here, or one issuer would see those of the others:"
            f" one of {', '.join(issuers)}"
        )
        yield Finding(path, message)


def find_bad_client_auth(settings: ClientAuthentication, path: Path) -> Iterator[Finding]:
    """List what the gateway lacks to say who it is, with paths below `path`."""
    if settings.client_auth == "private_key_jwt":
        if settings.client_key_file is None:
            yield Finding(path, "private_key_jwt needs client_key_file, a private key in PEM form")
    elif settings.client_secret is None:
        yield Finding(path, f"{settings.client_auth} needs client_secret_file or client_secret")
