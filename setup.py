"""Builds pure Python, or with MCPGW_COMPILE=1 the path of a call compiled (`make compiled`).

`tools/compiled.txt` names the modules; docs/decisions/021-compiled.md says why these, and why not
by default.
"""

import os
from pathlib import Path

from setuptools import setup

MODULES = Path(__file__).with_name("tools") / "compiled.txt"

if os.environ.get("MCPGW_COMPILE") == "1":
    from mypyc.build import mypycify

    modules = MODULES.read_text(encoding="utf-8").split()
    options = ["--config-file=pyproject.toml"]
    setup(ext_modules=mypycify([*options, *modules], debug_level="0", group_name="gateway"))
else:
    setup()
