"""File descriptors."""

import os
import subprocess
import sys

import pytest

from gateway.app.descriptors import SPARE, descriptors_needed, has_run_out
from gateway.config.load import config_from_flags

pytestmark = pytest.mark.requirement("U12")
PROBE = """
import logging, resource
from gateway.app.descriptors import provide_descriptors
logging.basicConfig()
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(provide_descriptors({needed}))
"""


def provided(soft: int, hard: int, needed: int) -> tuple[int, str]:
    code = PROBE.format(soft=soft, hard=hard, needed=needed)
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603  # ours
    return int(done.stdout), done.stderr


def test_every_client_and_every_connection_to_a_server_needs_one() -> None:
    config = config_from_flags(
        upstream="http://127.0.0.1:9/mcp",
        issuer="local",
        public_url="http://127.0.0.1:8080",
        allow="any",
    )

    assert descriptors_needed(config) == 20_000 + 1000 + SPARE


def test_the_limit_is_raised_as_far_as_it_may_be() -> None:
    assert provided(100, 400, 300) == (300, "")


def test_a_limit_that_stays_too_low_is_told_with_both_numbers() -> None:
    limit, told = provided(100, 200, 300)

    assert limit == 200
    assert told.count("\n") == 1
    assert "limits.connections" in told


def test_it_is_seen_when_no_descriptor_is_left() -> None:
    assert not has_run_out()
    code = (
        "import os, resource\nfrom gateway.app.descriptors import has_run_out\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "try:\n    while True: os.dup(0)\nexcept OSError: print(has_run_out())"
    )

    done = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )

    assert done.stdout.strip() == "True"
