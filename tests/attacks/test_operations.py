"""Configurations and environments that would weaken the gateway (attacks O1, O2, O4, O8)."""

import asyncio
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway.cli.config import command as config_command
from gateway.cli.main import cli
from gateway.config.load import review_text
from gateway.config.model import Config
from gateway.config.reading.problems import path_text
from gateway.config.reading.secret_files import SECRETS as SECRET_PATHS
from tests.support.raw_http import raw_connection
from tests.support.rig import running_rig

ROOT = Path(__file__).parents[2]
FULL = """\
public_url: https://mcp.example.com
issuers: {{corp: {{issuer: "https://idp.example.com"{issuer}}}}}
servers:
  mcp: {{upstream: "http://127.0.0.1:9000/mcp", {server}}}
"""
SHORT = """\
public_url: https://mcp.example.com
upstream: http://127.0.0.1:9000/mcp
issuer: https://idp.example.com
allow: any
"""


def problems(text: str) -> list[str]:
    return [each.message for each in review_text(text, ROOT, {}, "config.yaml").problems]


def test_the_plain_configurations_are_accepted() -> None:
    assert problems(SHORT) == []
    assert problems(FULL.format(server="allow: any", issuer="")) == []


@pytest.mark.requirement("O1")
@pytest.mark.parametrize(
    "key", ["''", "changeme", "'secret-api-key'", "AAAA", "'" + "0" * 63 + "'"]
)
def test_an_empty_or_guessable_key_is_refused(key: str) -> None:
    found = problems(SHORT + f"sealing_key: {key}\n")

    assert len(found) == 1
    assert key.strip("'") not in found[0] or not key.strip("'")


@pytest.mark.requirement("O2")
@pytest.mark.parametrize(
    ("server", "issuer", "path", "message"),
    [
        ("alow: any", "", "alow", "unknown key"),
        ("allow: {groups: [a]}, allow: any", "", "allow", "duplicate key"),
        ("allow: {group: [a]}", "", "allow.group", "unknown key"),
        ("allow: any, auth: {audiences: ['']}", "", "auth.audiences", "an empty audience"),
        ("allow: any, auth: {audience: [x]}", "", "auth.audience", "unknown key"),
        ("allow: any", "required_claims: [iss, exp, sub]", "required_claims", "needs"),
        ("allow: any", "audience_claim: ''", "audience_claim", "not empty"),
        ("allow: any", "algorithms: [none]", "algorithms[0]", "expected RS256"),
        ("allow: any", "algorithms: [HS256]", "algorithms[0]", "expected RS256"),
    ],
)
def test_what_would_open_a_door_is_an_error(
    server: str, issuer: str, path: str, message: str
) -> None:
    """Each by itself, where it stands: nothing else is wrong with these configurations."""
    text = FULL.format(server=server, issuer=f", {issuer}" if issuer else "")

    found = review_text(text, ROOT, {}, "config.yaml")

    assert found.config is None
    (problem,) = found.problems
    assert path_text(problem.path).endswith(f".{path}"), problem
    assert message in problem.message


SECRETS = """\
public_url: https://mcp.example.com
sealing_key: {key}
admin: {{token: canary-1}}
store: {{url: "rediss://cache.example.com", password: canary-2}}
issuers:
  corp:
    issuer: https://idp.example.com
    claims: {{groups_overage: [hasgroups]}}
    introspection: {{client_id: gw, client_secret: canary-3}}
    group_lookup:
      url: https://idp.example.com/groups
      credentials:
        {{client_id: gw, client_secret: canary-4, token_url: "https://idp.example.com/token"}}
  hub:
    issuer: https://hub.example.com
    jwt: false
    userinfo:
      url: https://hub.example.com/user
      audience_check:
        {{url: "https://hub.example.com/check", client_id: gw, client_secret: canary-5}}
  own: {{local: true, issuer: "https://mcp.example.com"}}
authorization_server:
  clients: {{api: {{client_secret: canary-8, grants: [client_credentials]}}}}
  provider:
    issuer: https://login.example.com
    client_id: gw
    client_secret: canary-9
    claims: {{groups_overage: [hasgroups]}}
    group_lookup:
      url: https://login.example.com/groups
      credentials:
        {{client_id: gw, client_secret: canary-10, token_url: "https://login.example.com/token"}}
servers:
  one:
    path: /one
    allow: any
    upstream:
      url: https://one.example.com
      credential:
        client_credentials:
          {{client_id: gw, client_secret: canary-6, token_url: "https://idp.example.com/token"}}
  two:
    path: /two
    allow: any
    upstream:
      url: https://two.example.com
      credential:
        token_exchange:
          token_url: https://idp.example.com/token
          issuer: corp
          audience: https://two.example.com
          client_id: gw
          client_secret: canary-7
"""


@pytest.mark.requirement("O4")
@pytest.mark.parametrize("more", [[], ["--defaults"]])
def test_no_secret_of_a_configuration_is_printed(more: list[str], tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(SECRETS.format(key="ca" * 32), encoding="utf-8")
    found = review_text(path.read_text(encoding="utf-8"), tmp_path, {}, "config.yaml")
    assert found.problems == ()

    outputs = [
        CliRunner().invoke(config_command, [*words, "--config", str(path)])
        for words in (["print", *more], ["check"], ["check", "--json"])
    ]

    assert [each.exit_code for each in outputs] == [0, 0, 0]
    assert outputs[0].output.count("<redacted>") == len(SECRET_PATHS) == 11
    shown = "".join(each.output for each in outputs) + repr(found.config)
    assert "canary" not in shown
    assert "caca" not in shown


@pytest.mark.requirement("O4")
@pytest.mark.parametrize("line", ["sealing_key: canary-1", "admin: {tokn: canary-1}"])
def test_no_complaint_repeats_a_secret(line: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(SHORT + line + "\n", encoding="utf-8")

    for words in (["print"], ["check"], ["check", "--json"]):
        done = CliRunner().invoke(config_command, [*words, "--config", str(path)])
        assert done.exit_code != 0
        assert "canary" not in done.output + str(done.exception)


def _parameters(command: click.Command, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _parameters(below, (*names, name))
    yield from ((*names, str(parameter.name)) for parameter in command.params)


@pytest.mark.requirement("O4")
def test_no_command_takes_a_secret_of_the_gateway_as_an_argument() -> None:
    """Everybody on the machine can read arguments; these three take `-` for standard input."""
    credential = re.compile(r"secret|password|token|key", re.IGNORECASE)
    found = {each for each in _parameters(cli, ()) if credential.search(each[-1])}

    assert found == {
        ("token", "inspect", "token"),
        ("key", "check", "key"),
        ("explain", "token"),
    }


@pytest.mark.requirement("27")
@pytest.mark.parametrize(
    "text", [SHORT, FULL.format(server="allow: any", issuer=""), SHORT + "admin: {}\n"]
)
def test_by_default_only_this_machine_is_served(text: str) -> None:
    config = review_text(text, ROOT, {}, "config.yaml").config

    assert config is not None
    assert (config.listen.host, config.admin.listen.host) == ("127.0.0.1", "127.0.0.1")
    assert Config.model_fields["listen"].default.host == "127.0.0.1"


@pytest.mark.requirement("27")
async def test_a_listener_serves_the_address_it_was_given_and_no_other() -> None:
    async with running_rig() as rig:
        for port in (rig.port, rig.admin_port):
            async with raw_connection(port):
                pass
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.2", port)


@pytest.mark.requirement("O8")
@pytest.mark.parametrize(("name", "floor"), [("aiohttp", (3, 14, 3)), ("cryptography", (50,))])
def test_dependencies_are_newer_than_their_known_holes(name: str, floor: tuple[int, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    line = next(each for each in project["dependencies"] if each.startswith(name))

    found = re.search(r">=([0-9.]+)", line)

    assert found is not None
    assert tuple(int(part) for part in found[1].split(".")) >= floor


@pytest.mark.requirement("O8")
def test_parsers_with_known_holes_are_no_dependency() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").lower()

    assert not re.search(r'"(?:pyjwt|authlib|python-jose)', text)
