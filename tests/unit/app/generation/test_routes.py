"""The route table of several servers."""

import json

import pytest

from tests.support.gateway import running_gateway
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, post
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import CALL
from tests.support.token_signer import TokenSigner

TWO = """\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers: {{idp: {{issuer: "{issuer}"}}}}
default_server: files
servers:
  files: {{path: /files/mcp, upstream: {files}, allow: any, resource_name: Files}}
  mail: {{path: /mail/mcp, upstream: {mail}, allow: any}}
  other: {{public_url: "http://localhost:{port}", upstream: {mail}, allow: any}}
"""


async def get(port: int, path: str, host: str = "127.0.0.1") -> RawResponse:
    return await exchange(port, f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())


@pytest.mark.requirement("4", "83", "J16")
async def test_two_servers_have_their_own_documents_tokens_and_upstreams() -> None:
    with reserved_port() as port:
        async with RecordingUpstream() as files, RecordingUpstream() as mail, TokenSigner() as idp:
            config = TWO.format(port=port, issuer=idp.issuer, files=files.url, mail=mail.url)
            async with running_gateway(config):
                token = idp.token(f"http://127.0.0.1:{port}/files/mcp", header=None, key=None)
                call = post(port, CALL, token=token)
                good = await exchange(port, call.replace(b" /mcp", b" /files/mcp", 1))
                crossed = await exchange(port, call.replace(b" /mcp", b" /mail/mcp", 1))

                assert (good.status, crossed.status) == (200, 401)
                mail.assert_untouched()


@pytest.mark.requirement("4", "80")
async def test_the_root_document_is_the_default_servers_and_hosts_do_not_mix() -> None:
    with reserved_port() as port:
        async with RecordingUpstream() as files, TokenSigner() as idp:
            config = TWO.format(port=port, issuer=idp.issuer, files=files.url, mail=files.url)
            async with running_gateway(config):
                well_known = "/.well-known/oauth-protected-resource"
                root = json.loads((await get(port, well_known)).body)
                mail = json.loads((await get(port, f"{well_known}/mail/mcp")).body)
                other = json.loads((await get(port, well_known, "localhost")).body)

                assert root["resource"].endswith("/files/mcp")
                assert root["resource_name"] == "Files"
                assert mail["resource"].endswith("/mail/mcp")
                assert other["resource"] == f"http://localhost:{port}/mcp"
                assert (await get(port, f"{well_known}/mail/mcp", "localhost")).status == 404
