"""The Dockerfile without a container engine: its instructions, read line by line."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click import Context, Group

from gateway.cli.main import cli

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KNOWN = {
    *("FROM", "LABEL", "ENV", "COPY", "RUN", "WORKDIR", "USER"),
    *("EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
}


@pytest.fixture
def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found: list[list[tuple[str, str]]] = []
    for line in filter(None, joined.splitlines()):
        name, _, rest = line.partition(" ")
        if name == "FROM":
            found.append([])
        found[-1].append((name, rest.strip()))
    return found


def only(stage: list[tuple[str, str]], name: str) -> str:
    (value,) = [rest for instruction, rest in stage if instruction == name]
    return value


def test_only_known_instructions_are_used(stages: list[list[tuple[str, str]]]) -> None:
    """ADD fetches URLs and unpacks archives; COPY does what is read."""
    assert {name for stage in stages for name, _ in stage} <= KNOWN


def test_build_tools_stay_in_their_stage(stages: list[list[tuple[str, str]]]) -> None:
    build, final = stages

    assert only(build, "FROM") == "python:3.11-slim AS build"
    assert only(final, "FROM") == "python:3.11-slim"
    assert [rest for name, rest in final if name == "COPY"] == [
        "--from=build /opt/mcpgw /opt/mcpgw"
    ]
    assert not [rest for name, rest in final if name == "RUN" and "pip" in rest]


def test_what_is_copied_exists_and_is_in_the_build_context(
    stages: list[list[tuple[str, str]]],
) -> None:
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    sources = [
        source.removeprefix("./")
        for name, rest in stages[0]
        if name == "COPY"
        for source in shlex.split(rest)[:-1]
    ]

    assert "*" in allowed
    assert not [source for source in sources if not (ROOT / source).exists()]
    assert not [source for source in sources if f"!{source}" not in allowed]


def test_process_is_an_unprivileged_user_by_number(stages: list[list[tuple[str, str]]]) -> None:
    final = stages[-1]
    names = [name for name, _ in final]

    assert only(final, "USER") == "65532:65532"
    assert names.index("USER") > max(i for i, name in enumerate(names) if name == "RUN")


def test_nothing_is_written_into_the_image_at_run_time(
    stages: list[list[tuple[str, str]]],
) -> None:
    assert "PYTHONDONTWRITEBYTECODE=1" in only(stages[-1], "ENV")


def test_health_is_asked_on_the_admin_port(stages: list[list[tuple[str, str]]]) -> None:
    command = json.loads(only(stages[-1], "HEALTHCHECK").partition("CMD ")[2])

    assert command[:2] == ["python", "-c"]
    assert "http://127.0.0.1:9090/livez" in command[2]
    compile(command[2], "HEALTHCHECK", "exec")
    assert only(stages[-1], "EXPOSE") == "8080 9090"


def test_command_is_one_that_the_gateway_knows(stages: list[list[tuple[str, str]]]) -> None:
    entrypoint, arguments = (json.loads(only(stages[-1], n)) for n in ("ENTRYPOINT", "CMD"))

    assert entrypoint == ["mcpgw"]
    assert arguments == ["run", "--config", "/etc/mcpgw/config.yaml"]
    assert isinstance(cli, Group)
    assert cli.get_command(Context(cli), arguments[0]) is not None


def test_image_carries_no_secret(stages: list[list[tuple[str, str]]]) -> None:
    """Layers keep what ENV and ARG held."""
    settings = " ".join(rest for stage in stages for name, rest in stage if name == "ENV")

    assert not re.search(r"SECRET|TOKEN|PASSWORD|KEY", settings)
