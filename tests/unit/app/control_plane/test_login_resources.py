"""Which MCP servers tokens can be had for, and with which scopes."""

from gateway.app.control_plane.login_resources import login_resources
from gateway.authserver.clients.client import Client
from tests.support.config_text import load_text

CONFIG = """\
public_url: https://mcp.example.com
authorization_server: {}
issuers:
  ours: {local: true, issuer: "https://mcp.example.com"}
  corp: {issuer: "https://idp.example.com"}
roles: {editor: {scopes: [wiki:edit]}}
servers:
  wiki:
    path: /wiki
    upstream: http://127.0.0.1:9000/mcp
    resource_name: The wiki
    auth: {issuers: [ours], scopes: [wiki:read]}
    allow: any
    rules:
      - {tools: [write], allow: {all_of: [{scopes: [wiki:write]}, {roles: [editor]}]}}
      - {tools: ["*"], allow: any}
  mail:
    path: /mail
    upstream: http://127.0.0.1:9001/mcp
    auth: {issuers: [corp], scopes: [mail:read]}
    allow: any
"""


def test_servers_that_trust_the_issuer_can_be_logged_in_to() -> None:
    resources = login_resources(load_text(CONFIG), "ours")

    (wiki,) = resources.all
    assert (wiki.name, wiki.title) == ("wiki", "The wiki")
    assert wiki.url == wiki.resource == "https://mcp.example.com/wiki"


def test_what_a_login_needs_is_granted_and_what_rules_name_can_be() -> None:
    (wiki,) = login_resources(load_text(CONFIG), "ours").all
    client = Client("c", "configured", ())

    assert wiki.default_scopes == {"wiki:read"}
    assert wiki.narrow(None, client) == {"wiki:read"}
    asked = frozenset({"wiki:write", "wiki:edit", "mail:read", "offline_access"})
    assert wiki.narrow(asked, client) == {"wiki:write", "wiki:edit"}
