import asyncio
import datetime
import gzip
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pytest_aiohttp import AiohttpRawServer

from gateway.errors import ConfigError
from gateway.identity.provider.address_guard import AddressGuard
from gateway.identity.provider.fetch import MAX_DOCUMENT_BYTES, Answer, Call, Fetcher
from gateway.resilience.document import FetchFailed, HostUnreachable
from tests.support.issuer_service import IssuerService, Scene

Serve = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Place = Callable[[Serve], Awaitable[str]]


@pytest.fixture
def place(aiohttp_raw_server: AiohttpRawServer) -> Place:
    async def start(serve: Serve) -> str:
        server = await aiohttp_raw_server(serve, access_log=None)
        return str(server.make_url("/jwks"))

    return start


def _body(body: bytes, status: int = 200, **headers: str) -> Serve:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def serve(request: web.BaseRequest) -> web.Response:
        return web.Response(body=body, status=status, headers=named)

    return serve


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for loopback that signed itself; its key stands in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path / "loopback.pem"
    path.write_bytes(pem + signed.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
async def tls_url(certificate: Path, aiohttp_raw_server: AiohttpRawServer) -> str:
    """Where a server shows that certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server = await aiohttp_raw_server(_body(b"{}"), access_log=None, ssl=tls)
    return str(server.make_url("/jwks"))


async def test_object_is_returned_with_its_freshness(place: Place, fetcher: Fetcher) -> None:
    url = await place(_body(b'{"keys":[]}', Cache_Control="public, max-age=300"))

    fetched = await fetcher.get_json(url)

    assert fetched.document == {"keys": []}
    assert fetched.max_age_s == 300


async def test_request_carries_no_cookie_and_asks_for_no_compression(
    place: Place, fetcher: Fetcher
) -> None:
    async def echo(request: web.BaseRequest) -> web.Response:
        response = web.json_response(dict(request.headers))
        response.set_cookie("tracked", "1")
        return response

    url = await place(echo)
    await fetcher.get_json(url)

    sent = (await fetcher.get_json(url)).document
    assert sent["Accept-Encoding"] == "identity"
    assert "Cookie" not in sent


async def test_proxy_of_the_environment_is_not_used(
    place: Place, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    url = await place(_body(b"{}"))

    assert (await fetcher.get_json(url)).document == {}


@pytest.mark.requirement("J18", "87")
@pytest.mark.parametrize(
    "serve",
    [
        _body(b"<html>sign in</html>"),
        _body(b"[]"),
        _body(b'{"keys":[],"keys":[]}'),
        _body(b"{}", status=500),
        _body(b"{}", status=204),
        _body(b"{}", status=302, Location="http://127.0.0.1:9/"),
        _body(gzip.compress(b"{}"), Content_Encoding="gzip"),
        _body(b'{"a":"' + b"x" * MAX_DOCUMENT_BYTES + b'"}'),
    ],
    ids=["html", "array", "duplicates", "500", "204", "redirect", "gzip", "too-long"],
)
async def test_anything_but_a_small_json_object_fails(
    serve: Serve, place: Place, fetcher: Fetcher
) -> None:
    with pytest.raises(FetchFailed):
        await fetcher.get_json(await place(serve))


@pytest.mark.requirement("113", "J18")
async def test_redirect_is_not_followed(place: Place, fetcher: Fetcher) -> None:
    visits: list[str] = []

    async def elsewhere(request: web.BaseRequest) -> web.Response:
        visits.append(request.path)
        return web.json_response({})

    target = await place(elsewhere)
    with pytest.raises(FetchFailed):
        await fetcher.get_json(await place(_body(b"{}", status=307, Location=target)))

    assert visits == []


@pytest.mark.requirement("J18")
async def test_dripping_body_is_given_up(place: Place) -> None:
    async def drip(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    async with Fetcher(timeout_s=0.2) as fetcher:
        with pytest.raises(HostUnreachable):
            await fetcher.get_json(await place(drip))


async def test_silent_host_is_told_apart(fetcher: Fetcher, port: int) -> None:
    with pytest.raises(HostUnreachable):
        await fetcher.get_json(f"http://127.0.0.1:{port}/jwks")


@pytest.mark.parametrize(
    "url",
    [
        "http://as.example/jwks",
        "http://10.0.0.1/jwks",
        "ftp://127.0.0.1/jwks",
        "file:///etc/passwd",
        "https://user@as.example/jwks",
        "https:///jwks",
        "https://[::1/jwks",
        "jwks",
    ],
)
async def test_url_that_is_not_safe_to_fetch_is_refused(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(FetchFailed):
        await fetcher.get_json(url)


@pytest.mark.requirement("124")
async def test_certificate_that_nobody_vouches_for_is_refused(tls_url: str) -> None:
    async with Fetcher() as fetcher:
        with pytest.raises(FetchFailed):
            await fetcher.get_json(tls_url)


async def test_certificate_of_the_given_authority_is_accepted(
    certificate: Path, tls_url: str
) -> None:
    async with Fetcher(ca_file=certificate) as fetcher:
        assert (await fetcher.get_json(tls_url)).document == {}


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_authority_that_cannot_be_read_stops_the_start(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ConfigError, match=r"ca\.pem"):
        Fetcher(ca_file=path)


async def test_closed_fetcher_fails() -> None:
    with pytest.raises(FetchFailed):
        await Fetcher().get_json("https://as.example/jwks")


async def test_form_and_json_are_sent_as_what_they_are(
    service: IssuerService, fetcher: Fetcher
) -> None:
    service.scenes["/ask"] = Scene({"a": 1})

    await fetcher.send(Call(f"{service.url}/ask", "POST", {"X-Mark": "1"}, {"t": "a&b=c"}))
    await fetcher.send(Call(f"{service.url}/ask", "POST", json={"t": [1]}))

    form, document = service.asked
    assert (form.method, form.form, form.headers["X-Mark"]) == ("POST", {"t": "a&b=c"}, "1")
    assert (document.method, document.json) == ("POST", {"t": [1]})


async def test_refusal_is_an_answer_with_its_headers(
    service: IssuerService, fetcher: Fetcher
) -> None:
    service.scenes["/ask"] = Scene({"error": "invalid_client"}, 401, {"Retry-After": "7"})

    answer = await fetcher.send(Call(f"{service.url}/ask"))

    assert (answer.status, answer.document) == (401, {"error": "invalid_client"})
    assert answer.headers["Retry-After"] == "7"


async def test_error_page_is_an_answer_without_a_document(
    service: IssuerService, fetcher: Fetcher
) -> None:
    service.scenes["/ask"] = Scene(b"<html>", 502)

    answer = await fetcher.send(Call(f"{service.url}/ask"))

    assert (answer.status, answer.document) == (502, None)


@pytest.mark.requirement("124")
async def test_credentials_are_not_sent_on_to_where_a_redirect_leads(
    service: IssuerService, fetcher: Fetcher
) -> None:
    service.scenes["/ask"] = Scene(status=307, headers={"Location": "/other"})
    secret = {"Authorization": "Basic czM="}

    answer = await fetcher.send(Call(f"{service.url}/ask", "POST", secret, {"token": "t"}))

    assert answer.status == 307
    assert service.count("/other") == 0


@pytest.mark.requirement("A11")
@pytest.mark.parametrize("value", ["a\r\nHost: internal", "a\nb", "a\0", "\x1b[2J"])
async def test_a_header_that_cannot_be_one_is_not_sent(
    service: IssuerService, fetcher: Fetcher, value: str
) -> None:
    with pytest.raises(FetchFailed):
        await fetcher.send(Call(f"{service.url}/ask", "POST", {"Authorization": value}))

    assert not service.asked


def test_neither_a_call_nor_an_answer_shows_its_content() -> None:
    call = Call("https://as.example", "POST", {"a": "hidden"}, {"b": "hidden"}, "hidden")

    assert "hidden" not in repr(call)
    assert "hidden" not in repr(Answer(200, "hidden", {"c": "hidden"}))


@pytest.mark.parametrize(("connections", "opened"), [(1, 3), (2, 1)])
async def test_connection_is_kept_only_where_there_may_be_several(
    place: Place, connections: int, opened: int
) -> None:
    callers: set[object] = set()

    async def note(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        callers.add(request.transport.get_extra_info("peername"))
        return web.json_response({})

    url = await place(note)
    async with Fetcher(connections=connections) as fetcher:
        for _ in range(3):
            await fetcher.send(Call(url))

    assert len(callers) == opened


async def test_an_answer_is_taken_as_it_came(service: IssuerService, fetcher: Fetcher) -> None:
    service.scenes["/page"] = Scene(b"<html>", 403, {"Content-Type": "text/html"})

    received = await fetcher.receive(Call(f"{service.url}/page"))

    assert (received.status, received.body, received.unread) == (403, b"<html>", None)
    assert received.headers["Content-Type"] == "text/html"


async def test_what_is_too_large_is_told_with_its_status(service: IssuerService) -> None:
    service.scenes["/page"] = Scene(b"x" * 100, 503)

    async with Fetcher(max_bytes=10) as fetcher:
        received = await fetcher.receive(Call(f"{service.url}/page"))

    assert (received.status, received.body) == (503, b"")
    assert received.unread == "more than 10 bytes"


@pytest.mark.requirement("F12")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_with_a_guard_nothing_reaches_loopback(
    service: IssuerService, scheme: str, host: str
) -> None:
    async with Fetcher(guard=AddressGuard(), insecure_http=True) as fetcher:
        with pytest.raises(FetchFailed):
            await fetcher.receive(Call(f"{scheme}://{host}:{service.port}/jwks"))

    assert not service.asked


async def test_with_a_guard_plain_http_is_no_exception_on_loopback(service: IssuerService) -> None:
    guard = AddressGuard((ipaddress.ip_network("127.0.0.0/8"),))

    async with Fetcher(guard=guard) as fetcher:
        with pytest.raises(FetchFailed, match="not https"):
            await fetcher.receive(Call(f"{service.url}/jwks"))

    assert not service.asked


async def test_with_a_guard_the_operators_own_networks_are_reached(service: IssuerService) -> None:
    guard = AddressGuard((ipaddress.ip_network("127.0.0.0/8"),))

    async with Fetcher(guard=guard, insecure_http=True) as fetcher:
        await fetcher.receive(Call(f"http://localhost:{service.port}/jwks"))

    assert service.count("/jwks") == 1
