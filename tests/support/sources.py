"""A copy of the repository that a test may change, and one change of it that every caller sees."""

import shutil
from pathlib import Path

from tests.architecture.source import ROOT, repository

CHANGED_STATUS = 299
CHANGE = f"""

class _Changed(type(handler)):
    def __call__(self, event, context):
        return super().__call__(event, context) | {{"statusCode": {CHANGED_STATUS}}}


handler.__class__ = _Changed
"""


def copied(into: Path) -> Path:
    """Copies every file that is committed, or that git would add, without the tests."""
    for path in repository():
        name = path.relative_to(ROOT)
        if name.parts[0] != "tests":
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, into / name)
    return into


def change_every_answer(api: Path) -> None:
    """From now on the HTTP function in this file answers everything with CHANGED_STATUS."""
    rewrite(api, api.read_text() + CHANGE)


def rewrite(file: Path, text: str) -> None:
    """Replaces the file at once, so that a watcher never sees a part of the text."""
    whole = file.with_suffix(".whole")
    whole.write_text(text)
    whole.replace(file)
