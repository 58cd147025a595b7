"""Configurations that tests start from."""

from pathlib import Path

from gateway.config.load import Review, review_text

SHORT = """\
public_url: https://mcp.example.com
upstream: http://127.0.0.1:9000/mcp
issuer: https://idp.example.com
allow: any
"""
FULL = """\
public_url: https://mcp.example.com
issuers: {default: {issuer: "https://idp.example.com"}}
servers:
  mcp: {upstream: "http://127.0.0.1:9000/mcp", allow: any}
"""


def review(text: str, folder: Path = Path("conf")) -> Review:
    return review_text(text, folder, {}, "config.yaml")


def messages(text: str) -> list[str]:
    return [problem.message for problem in review(text).problems]
