"""The programs of others that some tests need."""

import os
import shutil
import sys
from pathlib import Path

import pytest


def required_program(name: str, how: str) -> str:
    """The path of a program, beside the interpreter or of this machine.

    The test is skipped where it is missing, with `how` to install it, but never in CI.
    """
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing, and .ci/run installs it")
    if found is None:
        pytest.skip(f"{name} is not installed: {how}")
    return found
