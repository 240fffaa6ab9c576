"""A process that has imported what is installed, and forks a child for each seeded copy of the code.

It runs as a script of its own. A line on its input names a folder, the arguments of the hunt, and a file
for what the hunt prints. Its answer is the exit code. What is installed takes longer to import
than the copy itself, and is the same for every copy. The process ends with its input.
"""

import importlib
import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

INSTALLED = (
    "aws_lambda_powertools.metrics",
    "botocore.config",
    "botocore.session",
    "cryptography.hazmat.primitives.ciphers.aead",
    "greenlet",
    "jwt",
    "pydantic",
    "pytest",
    "rich.console",
    "stripe",
    "urllib3",
)


def hunt(root: str, arguments: Sequence[str]) -> None:
    """Runs the hunt of the copy in that folder."""
    os.chdir(root)
    sys.path[:0] = [str(Path(root) / "functions"), root]
    importlib.import_module("tests.simulator.plays.hunt").main(arguments)


def child(root: str, arguments: Sequence[str], said: str) -> None:
    """Runs the hunt, prints into the file, and ends. What is raised is printed into a file beside it."""
    for place, name in ((1, said), (2, f"{said}.err")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), place)
    code = 1
    try:
        hunt(root, arguments)
        code = 0
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    del sys.path[0]  # the folder of this script, whose files have the names of other modules
    for name in INSTALLED:
        importlib.import_module(name)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            child(**json.loads(line))
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
