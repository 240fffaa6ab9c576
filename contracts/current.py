"""Makes the manifest of the sources in a separate interpreter, so that its caller imports no service."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "contracts" / "manifest.json"


def declared(environment: Mapping[str, str], *, quietly: bool = False) -> str:
    """The text of the manifest. Raises CalledProcessError when the sources cannot be imported.

    The interpreter then prints why, unless it works `quietly`.
    """
    seen = {**environment, "PYTHONPATH": os.pathsep.join((str(ROOT / "functions"), str(ROOT)))}
    command = [sys.executable, "-B", "-m", "contracts", "print"]
    errors = subprocess.DEVNULL if quietly else None
    return subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=seen, check=True, stdout=subprocess.PIPE, stderr=errors, text=True
    ).stdout
