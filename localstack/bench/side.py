"""A revision's code, deployed to an emulator of its own. Both end with this process."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from localstack.machine import emulator, environment, tokens
from localstack.machine.deploy import EmulatorDeployment
from localstack.machine.emulator import Emulator
from localstack.shop.deployed import DeployedShop

FOLDER = environment.LOCAL / "bench"
DEPLOY = """
import json, sys
from pathlib import Path
from localstack.machine.deploy import deploy
print(json.dumps(deploy(sys.argv[1], Path(sys.argv[2])).outputs))
"""


@dataclass(frozen=True)
class Side:
    """What is measured: its name in the table, its emulator and its shop."""

    name: str
    machine: Emulator
    shop: DeployedShop


@contextmanager
def deployed(name: str, revision: str) -> Iterator[Side]:
    """The code of the revision, or of this folder without one. The emulator is that of this folder."""
    state = FOLDER / ("base" if revision else "own")
    made = emulator.start(state, owner=os.getpid())
    try:
        code = _checked_out(revision) if revision else environment.REPOSITORY
        command = [sys.executable, "-c", DEPLOY, made.endpoint, str(state)]
        said = subprocess.run(command, cwd=code, check=True, stdout=subprocess.PIPE, text=True).stdout
        outputs = json.loads(said.splitlines()[-1])
        yield Side(name, made, DeployedShop(EmulatorDeployment(made.endpoint, outputs)))
    finally:
        emulator.stop(state)


def _checked_out(revision: str) -> Path:
    """The revision's files, with this folder's packages of the CDK and this machine's key for tokens."""
    folder = FOLDER / "code"
    shutil.rmtree(folder, ignore_errors=True)
    packed = subprocess.run(
        ["git", "archive", revision], cwd=environment.REPOSITORY, check=True, stdout=subprocess.PIPE
    ).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    (folder / "node_modules").symlink_to(environment.REPOSITORY / "node_modules")
    (folder / ".local").mkdir()
    tokens.private_key()
    shutil.copy2(tokens.KEY_FILE, folder / ".local")
    return folder
