"""The files that a configuration names, opened before anybody needs them."""

import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path as FilePath

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from gateway.app.brand import read_logo
from gateway.config.issuer import ClientAuthentication, Issuer
from gateway.config.model import Config
from gateway.config.reading.problems import Path, path_text
from gateway.config.section import Section
from gateway.errors import ConfigError
from gateway.identity.api_keys.api_key_file import parse_keys
from gateway.identity.keys.key_set import parse_key_set
from gateway.identity.keys.local_issuer import ALGORITHM
from gateway.identity.keys.ring_file import read_pem_key
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.revocation.revocation_file import parse_revocations
from gateway.strict_json import parse_json

logger = logging.getLogger(__name__)
_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that cannot be used: where the configuration names it, and what is wrong.

    `stops`: without it the gateway does not start; else it waits for the file, or goes on.
    """

    path: Path
    message: str
    stops: bool = False


def find_bad_files(config: Config, now: float) -> list[BadFile]:
    """Open every file that is named, and say what is wrong with each; nothing is kept."""
    found = [*_lists(config), *_logo(config)]
    for path, section in _sections(config, ()):
        found += _of_section(path, section, now)
    for name, issuer in config.issuers.items():
        found += _keys_of(name, issuer)
    for setting, files, algorithm in (
        ("assertion_keys", config.assertion_keys.files, config.assertion_keys.algorithm),
        ("issuer_keys", config.issuer_keys.files, ALGORITHM),
    ):
        for index, file in enumerate(files):
            found += _attempt((setting, "files", index), partial(read_pem_key, file, algorithm))
    return found


def look_at_files(config: Config) -> None:
    """Log what is wrong with files at start. Raises `ConfigError` for what cannot be waited for."""
    bad = find_bad_files(config, time.time())
    if any(each.stops for each in bad):
        told = [f"{path_text(each.path)}: {each.message}" for each in bad if each.stops]
        raise ConfigError("\n".join(told))
    for each in bad:
        logger.warning(
            "file not usable", extra={"setting": path_text(each.path), "error": each.message}
        )


def _sections(section: Section, path: Path) -> Iterator[tuple[Path, Section]]:
    yield path, section
    for name in type(section).model_fields:
        value = getattr(section, name)
        for below, member in _members(value):
            if isinstance(member, Section):
                yield from _sections(member, (*path, name, *below))


def _members(value: object) -> Iterator[tuple[Path, object]]:
    if isinstance(value, Mapping):
        yield from (((key,), member) for key, member in value.items())
    elif isinstance(value, tuple) and not hasattr(value, "_fields"):
        yield from (((index,), member) for index, member in enumerate(value))
    else:
        yield (), value


def _of_section(path: Path, section: Section, now: float) -> Iterator[BadFile]:
    """Certificates, keys and tokens, by the names that they have in every section."""
    ca_file = getattr(section, "ca_file", None)
    if ca_file is not None:
        yield from _stopping((*path, "ca_file"), partial(_check_authorities, ca_file, now))
    for cert, key in (("cert_file", "key_file"), ("client_cert_file", "client_key_file")):
        cert_file = getattr(section, cert, None)
        if cert_file is not None:
            yield from _pair(path, (cert, key), (cert_file, getattr(section, key)), now)
    if isinstance(section, ClientAuthentication) and section.client_auth == "private_key_jwt":
        try:
            ClientAuth(section, "")
        except ConfigError as error:
            yield BadFile((*path, "client_key_file"), str(error), stops=True)
    for name in ("bearer_token_file", "value_file"):
        file = getattr(section, name, None)
        if file is not None:
            yield from _attempt((*path, name), partial(_check_line, file))


def _lists(config: Config) -> Iterator[BadFile]:
    if config.api_keys is not None:
        file = config.api_keys.file
        yield from _attempt(("api_keys", "file"), lambda: _parse(file, parse_keys))
    if config.revocations.file is not None:
        revoked = config.revocations.file
        for bad in _attempt(("revocations", "file"), lambda: _parse(revoked, parse_revocations)):
            message = f"{bad.message}; until it can be read, nobody gets in"
            yield BadFile(bad.path, message)


def _logo(config: Config) -> Iterator[BadFile]:
    file = config.brand.logo_file
    if file is not None:
        yield from _attempt(("brand", "logo_file"), partial(read_logo, file))


def _keys_of(name: str, issuer: Issuer) -> Iterator[BadFile]:
    file = issuer.jwks.file
    if file is not None:
        path = ("issuers", name, "jwks", "file")
        yield from _attempt(path, lambda: _parse(file, lambda text: _check_keys(text, issuer)))


def _pair(
    path: Path, names: tuple[str, str], files: tuple[FilePath, FilePath | None], now: float
) -> Iterator[BadFile]:
    """A certificate and its key, which may stand in the same file."""
    cert_path, key_path = (*path, names[0]), (*path, names[1] if files[1] else names[0])
    bad = list(_stopping(cert_path, lambda: _certificate(files[0])))
    bad += _stopping(key_path, lambda: _public_part(files[1] or files[0]))
    if bad:
        yield from bad
        return
    certificate = _certificate(files[0])
    if _spki(certificate.public_key()) != _public_part(files[1] or files[0]):
        message = f"{files[1] or files[0]}: not the key of the certificate in {files[0]}"
        yield BadFile(key_path, message, stops=True)
        return
    yield from _stopping(key_path, lambda: _load_pair(files))
    if expired := _why_not_now(certificate, now):
        # The gateway may be needed to start with it, and clients may be told to take it.
        yield BadFile(cert_path, f"{files[0]}: {expired}")


def _load_pair(files: tuple[FilePath, FilePath | None]) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(files[0], files[1])
    except ssl.SSLError as error:
        raise ValueError(f"{files[0]}: OpenSSL takes it not: {error.reason}") from error


def _certificate(file: FilePath) -> x509.Certificate:
    content = _read(file)
    try:
        return x509.load_pem_x509_certificates(content)[0]
    except ValueError as error:
        raise ValueError(f"{file}: no certificate in PEM form") from error


def _public_part(file: FilePath) -> bytes:
    content = _read(file)
    try:
        return _spki(load_pem_private_key(content, None).public_key())
    except TypeError as error:
        raise ValueError(f"{file}: the key has a password; take it off") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{file}: no private key in PEM form") from error


def _spki(key: object) -> bytes:
    public_bytes = getattr(key, "public_bytes")  # noqa: B009  # every kind of key has it
    return bytes(public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _check_authorities(file: FilePath, now: float) -> None:
    content = _read(file)
    try:
        authorities = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise ValueError(f"{file}: no certificate in PEM form") from error
    reasons = [_why_not_now(each, now) for each in authorities]
    if all(reasons):
        raise ValueError(f"{file}: {reasons[0]}")


def _why_not_now(certificate: x509.Certificate, now: float) -> str:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now >= ends.timestamp():
        return f"the certificate expired on {ends:%Y-%m-%d %H:%M} UTC"
    if now < begins.timestamp():
        return f"the certificate is not valid before {begins:%Y-%m-%d %H:%M} UTC"
    return ""


def _check_line(file: FilePath) -> None:
    content = _read(file).strip(b" \t\r\n")
    if not content or b"\n" in content:
        raise ValueError(f"{file}: expected one line that is not empty")


def _check_keys(text: str, issuer: Issuer) -> None:
    document = parse_json(text.encode())
    if not isinstance(document, dict):
        raise ValueError("expected a JWK set")
    parse_key_set(document, issuer.algorithms, issuer.jwks.uses)


def _parse(file: FilePath, parse: Callable[[str], object]) -> None:
    content = _read(file)
    try:
        parse(content.decode())
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{file}: not in the form that is expected") from error
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


def _read(file: FilePath) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"{file}: more than {_MAX_BYTES} bytes")
    return content


def _stopping(path: Path, check: Callable[[], object]) -> Iterator[BadFile]:
    return (BadFile(each.path, each.message, stops=True) for each in _attempt(path, check))


def _attempt(path: Path, check: Callable[[], object]) -> Iterator[BadFile]:
    try:
        check()
    except OSError as error:
        yield BadFile(path, f"{error.filename}: {error.strerror}")
    except (ValueError, ConfigError) as error:
        yield BadFile(path, str(error))
