"""Asks the sources what they declare now, in an interpreter of their own: who asks imports none of them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "contracts" / "manifest.json"


def declared(environment: Mapping[str, str]) -> str:
    """The text of a manifest. Raises CalledProcessError when the sources cannot be imported."""
    seen = {**environment, "PYTHONPATH": os.pathsep.join((str(ROOT / "functions"), str(ROOT)))}
    command = [sys.executable, "-B", "-m", "contracts", "print"]
    return subprocess.run(command, cwd=ROOT, env=seen, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603
