import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.errors import UpstreamUnreachable
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.target import Target, build_tls, parse_target
from tests.support.recording_upstream import json_reply
from tests.unit.proxy.conftest import LIMITS
from tests.unit.proxy.sending import post


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:9000/mcp", Target("127.0.0.1", 9000, "127.0.0.1:9000", "/mcp")),
        ("http://mcp.internal", Target("mcp.internal", 80, "mcp.internal", "/")),
        ("http://[::1]:9000/a%2Fb?c=d", Target("::1", 9000, "[::1]:9000", "/a%2Fb?c=d")),
        ("unix:/run/m.sock", Target("localhost", 0, "localhost", "/", "/run/m.sock")),
        ("unix:/run/m.sock:/mcp", Target("localhost", 0, "localhost", "/mcp", "/run/m.sock")),
    ],
)
def test_upstream_url_is_taken_apart(url: str, expected: Target) -> None:
    assert parse_target(url) == expected


@pytest.mark.parametrize(
    "url",
    ["ftp://x/", "http://", "http://u:p@x/", "http://x/#f", "unix:m.sock", "unix:/m.sock:mcp"],
)
def test_unusable_upstream_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"upstream|socket"):
        parse_target(url)


def test_https_verifies_chain_and_host_name() -> None:
    tls = parse_target("https://mcp.internal/mcp").tls

    assert tls is not None
    assert (tls.check_hostname, tls.verify_mode) == (True, ssl.CERT_REQUIRED)


async def test_unix_socket_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "mcp.sock"
    server = await asyncio.start_unix_server(_answer, path)
    pool = UpstreamPool(parse_target(f"unix:{path}:/mcp"), LIMITS)

    response = await post(pool)

    assert response.body == b"{}"
    await pool.aclose()
    server.close()


async def test_upstream_with_its_own_authority_and_client_certificate(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "127.0.0.1")
    tls = build_tls(certificate, certificate)

    assert await _ask_tls(certificate, tls) == b"{}"


async def test_upstream_of_an_unknown_authority_is_unreachable(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "127.0.0.1")

    with pytest.raises(UpstreamUnreachable):
        await _ask_tls(certificate, build_tls())


async def test_upstream_with_a_certificate_for_another_host_is_unreachable(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "127.0.0.2")

    with pytest.raises(UpstreamUnreachable):
        await _ask_tls(certificate, build_tls(certificate, certificate))


async def _ask_tls(certificate: Path, tls: ssl.SSLContext) -> bytes | None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificate)
    context.load_cert_chain(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    pool = UpstreamPool(parse_target(f"https://127.0.0.1:{port}/", tls), LIMITS)
    try:
        return (await post(pool)).body
    finally:
        await pool.aclose()
        server.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(json_reply(b"{}", headers=b"Connection: close\r\n"))
    writer.close()


def _certificate(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "upstream")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(host))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "upstream.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path
