"""The public listener, as it is configured."""

import pytest

from gateway.app.listening import listener_limits
from tests.support.gateway import running_gateway, short_config
from tests.support.rig import running_rig
from tests.unit.config.samples import review

TWO = """\
public_url: https://mcp.example.com
issuers: {{default: {{issuer: "https://idp.example.com"}}}}
trusted_proxies: [192.0.2.0/24]
limits: {{connections: 7, connections_per_address: 3, header_timeout: 2s, keepalive: 9s}}
servers:
  a: {{path: /a, upstream: "http://127.0.0.1:9/mcp", allow: any, streams: {{write_stall: {one}}}}}
  b: {{path: /b, upstream: "http://127.0.0.1:9/mcp", allow: any, streams: {{write_stall: {two}}}}}
"""


@pytest.mark.parametrize(("one", "two"), [("5s", "11s"), ("11s", "5s")])
def test_what_a_client_gets_before_anybody_knows_it_is_configured(one: str, two: str) -> None:
    config = review(TWO.format(one=one, two=two)).config
    assert config is not None

    limits = listener_limits(config)

    assert (limits.connections, limits.connections_per_address) == (7, 3)
    assert (limits.header_timeout_s, limits.keepalive_s) == (2.0, 9.0)
    assert limits.write_stall_s == 11.0  # which server is called shows only later
    assert limits.proxies == config.trusted_proxies


async def test_a_port_that_is_taken_is_an_error_of_the_system() -> None:
    async with running_rig() as rig:
        config = short_config(rig.port, rig.upstream.url, rig.signer.issuer)
        with pytest.raises(OSError, match="address already in use"):
            async with running_gateway(config):
                raise AssertionError
