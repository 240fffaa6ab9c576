"""Makes the manifest of the sources in a separate interpreter, so that its caller imports no service."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "contracts" / "manifest.json"


def declared(environment: Mapping[str, str]) -> str:
    """The text of the manifest. Raises CalledProcessError when the sources cannot be imported."""
    seen = {**environment, "PYTHONPATH": os.pathsep.join((str(ROOT / "functions"), str(ROOT)))}
    command = [sys.executable, "-B", "-m", "contracts", "print"]
    return subprocess.run(command, cwd=ROOT, env=seen, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603
