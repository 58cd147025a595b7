import asyncio
import ssl
from pathlib import Path

import pytest

from gateway.client.failure import ClientFailure
from gateway.client.web import MAX_DOCUMENT_BYTES, Web, WebRequest
from tests.support.certificates import make_certificate
from tests.support.issuer_service import IssuerService, Scene
from tests.support.ports import reserved_port


async def test_answer_is_read_whatever_its_status() -> None:
    scenes = {"/": Scene({"error": "no", "nothing": None}, 400, {"WWW-Authenticate": "Bearer"})}

    async with IssuerService(dict(scenes)) as service, Web() as web:
        answer = await web.send(WebRequest(service.url))

    assert (answer.status, answer.document) == (400, {"error": "no"})
    assert answer.challenges == ["Bearer"]
    assert service.asked[0].headers["User-Agent"].startswith("mcpgw/")


async def test_redirect_is_not_followed() -> None:
    scenes = {"/": Scene(b"", 302, {"Location": "/elsewhere"})}

    async with IssuerService(dict(scenes)) as service, Web() as web:
        answer = await web.send(WebRequest(service.url))

    assert (answer.status, answer.document) == (302, None)
    assert service.count("/elsewhere") == 0


async def test_plain_http_to_another_machine_is_not_sent() -> None:
    async with Web() as web:
        with pytest.raises(ClientFailure, match="not https"):
            await web.send(WebRequest("http://idp.example/token", "POST", form={"code": "x"}))


async def test_answer_without_end_is_not_read_to_its_end() -> None:
    scenes = {"/": Scene(b" " * (MAX_DOCUMENT_BYTES + 1))}

    async with IssuerService(dict(scenes)) as service, Web() as web:
        with pytest.raises(ClientFailure, match="more than can be read"):
            await web.send(WebRequest(service.url))


async def test_host_that_does_not_listen_is_named() -> None:
    with reserved_port() as port:
        async with Web() as web:
            with pytest.raises(ClientFailure, match=f"127.0.0.1:{port} cannot be reached"):
                await web.send(WebRequest(f"http://127.0.0.1:{port}/"))


async def test_silence_ends() -> None:
    async with IssuerService() as service, Web(silence_limit_s=0.05) as web:
        service.gate.clear()
        with pytest.raises(ClientFailure, match="did not answer in time"):
            async with web.open(WebRequest(service.url)):
                pass


async def test_certificate_that_nobody_trusts_says_what_to_set(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, ssl=context)
    async with server, Web() as web:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ClientFailure, match="not trusted; SSL_CERT_FILE names"):
            await web.send(WebRequest(f"https://127.0.0.1:{port}/"))
