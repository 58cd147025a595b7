"""`mcpgw login` at protected servers of other makers, with authorization servers of their own."""

from pathlib import Path

from tests.support.command_line import CommandLine
from tests.support.sdk_protected_server import SCOPE, MemoryProvider, running_sdk_server


async def test_server_of_the_official_sdk(tmp_path: Path) -> None:
    provider, grace = MemoryProvider(), CommandLine(tmp_path)
    with running_sdk_server(provider) as url:
        await grace.succeed("login", url)
        (token,) = provider.access_tokens.values()
        called = await grace.run("call", url, "count", "to=2")
        before = await grace.succeed("token", url)
        await grace.succeed("refresh", url)
        after = await grace.succeed("token", url)
        await grace.succeed("logout", url)

    assert (token.resource, token.scopes) == (url, [SCOPE])
    assert (called.out, called.err) == ("2\n", "1/2 step 1\n2/2 step 2\n")
    assert before != after
    assert provider.refresh_tokens == {}
    assert after not in provider.access_tokens
