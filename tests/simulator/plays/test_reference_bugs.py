"""That every reference bug is killed, by a schedule that the code without it survives."""

import json
import subprocess
import sys
from dataclasses import fields

import pytest

from tests.simulator.plays.changes import Change, applied
from tests.simulator.plays.reference_bugs import (
    BUGS,
    MACHINES,
    Bug,
    bugs,
    hunted,
    note,
    replayed,
    run,
    table,
)

ALL = bugs()
NAMES = [bug.name for bug in ALL]
PLAUSIBLE = ["check", "--isolated", "--no-cache", "--quiet", "--select", "E9,F63,F7,F82"]
LONGEST_HUNT = 30.0


@pytest.mark.parametrize("bug", ALL, ids=NAMES)
def test_a_bug_can_still_be_seeded_and_is_code_that_somebody_could_have_written(bug: Bug) -> None:
    """It applies to today's code, it compiles, and no name in it is undefined."""
    for file, text in applied(bug.change).items():
        if file in MACHINES:
            json.loads(text)
        else:
            compile(text, file, "exec")
            subprocess.run([sys.executable, "-m", "ruff", *PLAUSIBLE, "-"], input=text, text=True, check=True)
    assert bug.name == bug.path.stem
    assert all(getattr(bug, field.name) for field in fields(bug))


@pytest.mark.parametrize("bug", ALL, ids=NAMES)
def test_a_reference_bug_is_killed(bug: Bug) -> None:
    """By its known killer; when that no longer does it, whatever does is to be written down."""
    found = replayed(bug)
    assert found.sells, "nothing can be bought at all, so this is no bug that was ever shipped"
    kill = note(bug, found)
    if not kill.get("rule"):
        other = hunted(bug, seconds=LONGEST_HUNT).kills[0] or {}
        pytest.fail(
            f"{bug.killed_by!r} does not kill it any more, but {other.get('line', 'nothing found')!r} {kill}"
        )


def test_the_code_without_a_bug_survives_every_killer() -> None:
    found = run((), "play", *(bug.killed_by for bug in ALL))
    assert found.sells
    assert dict(zip(NAMES, found.kills, strict=True)) == dict.fromkeys(NAMES)


def test_a_harness_that_breaks_kills_nothing() -> None:
    broken = Change("tests/simulator/plays/storm.py", "Random(seed)", "Random(seed).nothing")
    found = run([broken], "play", "storm 1")
    assert found.kills[0] is not None
    assert (found.kills[0]["rule"], "AttributeError" in found.kills[0]["crash"]) == ("", True)


def test_code_that_sells_nothing_is_told_from_a_bug() -> None:
    broken = Change("functions/inventory/tasks.py", "from inventory import domain", "import nothing")
    assert not run([broken], "play", "bought").sells


def test_the_readme_lists_exactly_the_bugs() -> None:
    """Written by `python -m tests.simulator.plays.reference_bugs --table`."""
    text = (BUGS / "README.md").read_text()
    assert table() in text
    assert text.count("\n- [") == len(ALL) == len(list(BUGS.glob("*.toml")))
