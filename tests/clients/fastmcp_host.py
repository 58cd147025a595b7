"""A host of FastMCP's client: logs in, calls a tool, and calls it again with a token that is over.

`python fastmcp_host.py JSON` prints what it saw as one line of JSON. The JSON has `url` and, as it
applies, `clientId`, `clientSecret`, `metadataUrl`, and `forItself`: log in with the secret.
"""

import asyncio
import json
import sys
from typing import Any

from fastmcp import Client
from fastmcp.client.auth.client_credentials import ClientCredentialsOAuthProvider
from fastmcp.client.auth.oauth import OAuth
from key_value.aio.stores.memory import MemoryStore


def _login(asked: dict[str, Any], kept: MemoryStore) -> OAuth | ClientCredentialsOAuthProvider:
    client_id, secret = asked.get("clientId"), asked.get("clientSecret")
    if asked.get("forItself"):
        return ClientCredentialsOAuthProvider(
            client_id=client_id, client_secret=secret, token_storage=kept
        )
    return OAuth(
        client_id=client_id,
        client_secret=secret,
        client_metadata_url=asked.get("metadataUrl"),
        token_storage=kept,
    )


async def _use(asked: dict[str, Any]) -> dict[str, Any]:
    kept = MemoryStore()
    login = _login(asked, kept)
    results, tokens = [], []
    for _ in range(2):
        async with Client(asked["url"], auth=login) as client:
            results.append((await client.call_tool("whoami", {})).structured_content)
        granted = login.context.current_tokens
        tokens.append(granted.model_dump())
        login.context.token_expiry_time = 1.0
    return {"results": results, "tokens": tokens}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_use(json.loads(sys.argv[1])))) + "\n")
