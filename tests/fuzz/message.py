"""Coverage-guided search for bodies that the gateway and a server would read differently.

`make fuzz`, or `python -m tests.fuzz.message -max_total_time=600`; libFuzzer's options.
"""

import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["gateway", "tests.differential"]):
    from tests.differential.corpus import HONEST, HOSTILE
    from tests.differential.parsers import running_parsers
    from tests.differential.reading import check


def main() -> None:
    """Run until libFuzzer ends the process, with exit code 0 or at a difference."""
    with ExitStack() as stack:
        parsers = stack.enter_context(running_parsers())
        folder = Path(stack.enter_context(TemporaryDirectory()))
        for number, body in enumerate([*HONEST, *HOSTILE]):
            (folder / str(number)).write_bytes(body)
        atheris.Setup([*sys.argv, str(folder)], lambda body: check(parsers, body))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
