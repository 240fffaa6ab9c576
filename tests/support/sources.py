"""A copy of the repository that a test may change, and one change of it that every caller sees."""

import shutil
from pathlib import Path

from tests.architecture.source import ROOT, repository

CHANGED_STATUS = 299
CHANGE = f"""
_unchanged = handler


def handler(event, context):
    return _unchanged(event, context) | {{"statusCode": {CHANGED_STATUS}}}
"""


def copied(into: Path) -> Path:
    """Everything that is committed or could be, without the tests."""
    for path in repository():
        name = path.relative_to(ROOT)
        if name.parts[0] != "tests":
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, into / name)
    return into


def change_every_answer(api: Path) -> None:
    """From now on the HTTP function in this file answers everything with CHANGED_STATUS."""
    api.write_text(api.read_text() + CHANGE)
