"""An MCP server without any authentication, as they are: the gateway brings the caller's identity.

Run it with `python examples/whoami_server.py --port 9000`.
"""

import argparse
import asyncio

import uvicorn
from mcp.server.mcpserver import Context, MCPServer


def build_server() -> MCPServer:
    """A server whose tools show who called."""
    server = MCPServer("whoami")
    server.add_tool(whoami)
    server.add_tool(add)
    server.add_tool(count)
    return server


def whoami(ctx: Context) -> dict[str, str]:
    """Show the identity headers that came with this call."""
    headers = ctx.headers or {}
    return {name: value for name, value in headers.items() if name.startswith("x-")}


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def count(to: int, ctx: Context, delay_s: float = 0.0) -> int:
    """Count up and report progress at each step."""
    for step in range(1, to + 1):
        await ctx.report_progress(step, to, f"step {step}")
        await asyncio.sleep(delay_s)
    return to


def main() -> None:
    """Serve on loopback only: nobody passes by the gateway."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9000)
    app = build_server().streamable_http_app(stateless_http=True, json_response=True)
    uvicorn.run(app, host="127.0.0.1", port=parser.parse_args().port, log_level="warning")


if __name__ == "__main__":
    main()
