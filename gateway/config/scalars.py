"""The small values of a configuration: addresses, URLs, durations and sizes, parsed at the door."""

import base64
import binascii
import re
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, ValidationInfo

from gateway.oauth.resource import canonical_resource, is_ambiguous_path, parse_host

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"(\d+)(B|KB|MB|GB|KiB|MiB|GiB)?")
_BYTES = {
    "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30
}  # fmt: skip
_RATE = re.compile(r"([1-9]\d{0,8})/(s|m|h|d)")
_KEY_BYTES = 32
# urlsplit drops tabs and line ends silently, so what it checked is not what would be sent.
_URL_CHARACTERS = re.compile(r"[\x21-\x7e]+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_WORDS = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_BIND_HOST = re.compile(r"[A-Za-z0-9._-]*")


class Rate(NamedTuple):
    """So many in a period; as many at once, then evenly."""

    times: int
    period_s: float


class HostPort(NamedTuple):
    """Where to listen; an empty host means every address."""

    host: str
    port: int


def parse_host_port(value: object) -> HostPort:
    """Parse `host:port`, `[::1]:8080` or `:8080`; port 0 lets the system choose."""
    if isinstance(value, HostPort):
        return value
    host, colon, port = str(value).rpartition(":")
    if not isinstance(value, str) or not colon or not _is_port(port) or not _is_bind_host(host):
        raise ValueError(f'expected an address such as "127.0.0.1:8080", got {value}')
    return HostPort(host.strip("[]"), int(port))


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len("65535") and int(text) < 2**16


def _is_bind_host(host: str) -> bool:
    if not host.startswith("["):
        return _BIND_HOST.fullmatch(host) is not None
    try:
        IPv6Address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return host.endswith("]")


def parse_duration(value: object) -> object:
    """Parse `500ms`, `30s`, `15m`, `24h` or `1d` into seconds."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'expected a duration such as "30s", got {value}')
    return float(match[1]) * _SECONDS[match[2]]


def parse_seconds(value: object, info: ValidationInfo) -> object:
    """Parse a duration of a file; code, which brings no folder, may give seconds."""
    return value if isinstance(value, float) and not info.context else parse_duration(value)


def parse_count(value: object) -> object:
    """Refuse `true` and `false`, which Python takes for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError(f"expected a whole number, got {str(value).lower()}")
    return value


def parse_size(value: object) -> object:
    """Parse `4MiB`, `64KB` or a plain number into bytes."""
    match = _SIZE.fullmatch(str(value)) if not isinstance(value, bool) else None
    if match is None:
        raise ValueError(f'expected a size such as "4MiB", got {value}')
    return int(match[1]) * _BYTES[match[2] or "B"]


def show_seconds(seconds: float) -> str:
    """Write a duration in the largest unit in which it is a whole number.

    >>> show_seconds(300.0)
    '5m'
    """
    unit = next(
        (
            unit
            for unit in reversed(_SECONDS)
            if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0
        ),
        "s",
    )
    return f"{seconds / _SECONDS[unit]:g}{unit}"


def parse_rate(value: object) -> object:
    """Parse `10/s`, `600/m` or `1000/h`."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'expected a rate such as "600/m", got {value}')
    return Rate(int(match[1]), _SECONDS[match[2]])


def show_rate(rate: "Rate") -> str:
    """Write a rate as it is configured."""
    units = {seconds: unit for unit, seconds in _SECONDS.items()}
    return f"{rate.times}/{units[rate.period_s]}"


def parse_network(value: object) -> object:
    """Parse `10.0.0.0/8` or a single address."""
    try:
        # A number would be taken for the address of that number.
        return ip_network(str(value))
    except ValueError:
        raise ValueError(f'expected a network such as "10.0.0.0/8", got {value}') from None


def parse_colour(value: object) -> object:
    """Parse `#2f5bea`, which is a comment of YAML where it stands without quotes."""
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise ValueError(f'expected a colour in quotes such as "#2f5bea", got {value}')
    return value.lower()


def check_words(value: str) -> str:
    """Accept what fits on one line of a page."""
    if not _WORDS.fullmatch(value):
        raise ValueError("expected one line of 1 to 100 characters")
    return value


def check_public_url(value: str) -> str:
    """Accept an absolute http or https URL that more path can be appended to, in normal form."""
    parts = _split(value)
    plain = not (
        parts.query or parts.fragment or "@" in parts.netloc or "?" in value or "#" in value
    )
    if parts.scheme not in ("http", "https") or not _is_host(parts.netloc) or not plain:
        raise ValueError(f'expected a URL such as "https://mcp.example.com", got {value}')
    if value.endswith("/") or (parts.path and is_ambiguous_path(parts.path)):
        raise ValueError(f"a public URL has no slash at its end and no odd path, got {value}")
    return canonical_resource(value)


def check_issuer_url(value: str) -> str:
    """Accept an absolute http or https URL without query or fragment: RFC 8414 §2."""
    parts = _split(value)
    plain = not ("?" in value or "#" in value or "@" in parts.netloc)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError(f'expected a URL such as "https://idp.example.com", got {value}')
    return value


def check_service_url(value: str) -> str:
    """Accept an absolute http or https URL without fragment; `{name}` may stand in its path."""
    parts = _split(value)
    plain = not ("#" in value or "@" in parts.netloc or "{" in parts.netloc)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError(f'expected a URL such as "https://idp.example.com/token", got {value}')
    return value


def check_store_url(value: str) -> str:
    """Accept `memory:`, `sqlite:`, `redis://host:6379/0` or `rediss://…`."""
    parts = _split(value)
    if value in ("memory:", "sqlite:"):
        return value
    # A password in the URL would be printed with it; it has a key of its own. The client takes more
    # in the query: passwords again, and words that end the check of certificates.
    is_plain = parts.password is None and "?" not in value and "#" not in value
    if parts.scheme in ("redis", "rediss") and parts.hostname and is_plain:
        return value
    if "?" in value:
        raise ValueError("a store URL has no query: write store.password and store.ca_file instead")
    raise ValueError(f'expected "sqlite:", "memory:" or "redis://valkey:6379/0", got {value}')


def check_server_path(value: str) -> str:
    """Accept `/` or a path that reads in one way only and has no slash at its end."""
    if value != "/" and (not value.startswith("/") or value.endswith("/")):
        raise ValueError(f'expected a path such as "/files/mcp", got {value}')
    if is_ambiguous_path(value):
        raise ValueError(f"a path has no encoded or empty parts, got {value}")
    return value


def check_upstream_url(value: str) -> str:
    """Accept `http://`, `https://` or `unix:/path.sock[:/http/path]`."""
    if value.startswith("unix:"):
        socket_path, _, path = value.removeprefix("unix:").partition(":")
        # The HTTP path becomes a request line: a blank in it would end it early.
        sendable = not path or (path.startswith("/") and _URL_CHARACTERS.fullmatch(path))
        if socket_path.startswith("/") and "\0" not in socket_path and sendable:
            return value
        raise ValueError(f'expected "unix:/run/mcp.sock" or "unix:/run/mcp.sock:/mcp", got {value}')
    parts = _split(value)
    plain = not (parts.fragment or "@" in parts.netloc)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError(f'expected a URL such as "http://127.0.0.1:9000/mcp", got {value}')
    return value


def check_host(value: str) -> str:
    """Accept one `host` or `host:port`: it becomes a header line as it is."""
    if not _is_host(value):
        raise ValueError(f'expected a host such as "mcp.internal:9000", got {value}')
    return value


def parse_key(value: object) -> object:
    """Decode 32 bytes from hexadecimal or base64."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        key = (
            bytes.fromhex(text)
            if len(text) == 2 * _KEY_BYTES
            else base64.b64decode(text, validate=True)
        )
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != _KEY_BYTES:
        # Never with the value: it is a secret.
        raise ValueError(
            "expected 32 random bytes in base64; make them with: openssl rand -base64 32"
        )
    return key


def from_config_folder(path: Path, info: ValidationInfo) -> Path:
    """Read a relative path from the folder of the configuration file."""
    context: Any = info.context
    return Path(context["folder"], path) if context else path


def _is_host(text: str) -> bool:
    try:
        parse_host(text)
    except ValueError:
        return False
    return True


def _split(value: str) -> SplitResult:
    if not _URL_CHARACTERS.fullmatch(value):
        return SplitResult("", "", "", "", "")
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  # parsed, and refused, only when asked for
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


Address = Annotated[
    HostPort,
    BeforeValidator(parse_host_port),
    PlainSerializer(
        lambda each: (
            f"[{each.host}]:{each.port}" if ":" in each.host else f"{each.host}:{each.port}"
        )
    ),
]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(parse_network), PlainSerializer(str)]
PublicUrl = Annotated[str, AfterValidator(check_public_url)]
IssuerUrl = Annotated[str, AfterValidator(check_issuer_url)]
ServiceUrl = Annotated[str, AfterValidator(check_service_url)]
StoreUrl = Annotated[str, AfterValidator(check_store_url)]
ServerPath = Annotated[str, AfterValidator(check_server_path)]
Host = Annotated[str, AfterValidator(check_host)]
UpstreamUrl = Annotated[str, AfterValidator(check_upstream_url)]
Colour = Annotated[str, BeforeValidator(parse_colour)]
Words = Annotated[str, AfterValidator(check_words)]
FilePath = Annotated[Path, AfterValidator(from_config_folder), PlainSerializer(str)]
SecretKey = Annotated[bytes, BeforeValidator(parse_key), PlainSerializer(lambda key: "<redacted>")]
RateValue = Annotated[Rate, BeforeValidator(parse_rate), PlainSerializer(show_rate)]
