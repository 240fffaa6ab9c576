"""The reference bugs: mistakes of well-known kinds, seeded one at a time into a copy of the code.

`python -m tests.simulator.plays.reference_bugs [NAME ...]` replays every known killer, with `--hunt` it looks
for killers anew and writes them down, `--table` prints the README's list.
"""

import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy2, copytree
from tempfile import TemporaryDirectory
from typing import Any

from tests.simulator.plays.changes import Change, applied
from tests.simulator.plays.records import REPOSITORY, record

BUGS = Path(__file__).parents[1] / "bugs"
COPIED = ("functions", "contracts", "ops", "tests/support", "tests/simulator")
MACHINES = ("infrastructure/checkout_saga.asl.json", "infrastructure/checkout_repair.asl.json")
SECONDS = 240.0
MARGIN = 120.0  # a single schedule may take this long before its child is given up
AT_ONCE = 2


@dataclass(frozen=True)
class Bug:
    """What it breaks, where its kind is seen, what a customer would see, and the line known to kill it."""

    name: str
    breaks: str
    seen: str
    customer: str
    killed_by: str
    change: tuple[Change, ...]

    @property
    def path(self) -> Path:
        return BUGS / f"{self.name}.toml"


@dataclass(frozen=True)
class Found:
    """`sells`: an order comes through on a good day. `kills`: by line played, None where all was well."""

    sells: bool
    kills: list[Mapping[str, str] | None]
    seconds: float


def bugs() -> list[Bug]:
    return [_bug(path) for path in sorted(BUGS.glob("*.toml"))]


def _bug(path: Path) -> Bug:
    told: dict[str, Any] = tomllib.loads(path.read_text())
    return Bug(**told | {"change": tuple(map(_change, told["change"]))})


def _change(told: Mapping[str, Any]) -> Change:
    return Change(**{"place" if name == "in" else name: value for name, value in told.items()})


@contextmanager
def seeded(changes: Sequence[Change]) -> Iterator[Path]:
    """A copy of all that a schedule needs, with the changes in it."""
    with TemporaryDirectory(prefix="settle-bug-") as place:
        root = Path(place)
        for folder in COPIED:
            copytree(REPOSITORY / folder, root / folder)
        for file in (*MACHINES, "pyproject.toml"):
            (root / file).parent.mkdir(exist_ok=True)
            copy2(REPOSITORY / file, root / file)
        for file, text in applied(changes).items():
            (root / file).write_text(text)
        yield root


def run(changes: Sequence[Change], *arguments: str, timeout: float = MARGIN) -> Found:
    """What `tests.simulator.plays.hunt` finds in a copy with these changes."""
    began = time.monotonic()
    with seeded(changes) as root:
        command = [sys.executable, "-m", "tests.simulator.plays.hunt", *arguments]
        paths = os.pathsep.join(("functions", "."))
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "0"}
        child = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    assert child.returncode == 0, child.stderr[-2_000:]
    first, *kills = map(json.loads, child.stdout.splitlines())
    return Found(first["sells"], kills, time.monotonic() - began)


def replayed(bug: Bug) -> Found:
    """What the known killer does to it."""
    return run(bug.change, "play", bug.killed_by)


def hunted(bug: Bug, *, seconds: float = SECONDS) -> Found:
    return run(bug.change, str(seconds), timeout=seconds + MARGIN)


def note(bug: Bug, found: Found) -> Mapping[str, str]:
    """Puts what came of it on record and answers the kill, empty for a bug that survived."""
    kill = found.kills[0] or {}
    killed_by = kill["line"] if kill.get("rule") else ""
    record("bugs", name=bug.name, killed_by=killed_by, rule=kill.get("rule", ""), seconds=found.seconds)
    return kill


def table() -> str:
    """What the README lists."""
    return "\n".join(f"- [{bug.name}]({bug.name}.toml): {bug.breaks}.\n  {bug.customer}" for bug in bugs())


def _attempt(bug: Bug, hunting: bool) -> bool:
    """Prints a row of what came of it; whether it was killed."""
    try:
        found = hunted(bug) if hunting else replayed(bug)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        print(f"BROKEN    {bug.name}: {error}", flush=True)
        return False
    kill = note(bug, found)
    sells = "" if found.sells else "  SELLS NOTHING"
    killed = bool(kill.get("rule"))
    state = "killed  " if killed else "CRASHED " if kill else "SURVIVED"
    said = kill.get("crash", "").strip().rpartition("\n")[2] or kill.get("says", "")
    line = kill.get("line", "")
    print(f"{state}  {bug.name}  {found.seconds:.0f} s  [{line}]  {said[:160]}{sells}", flush=True)
    if hunting and killed:
        control = run((), "play", kill["line"]).kills[0]
        if control:
            print(f"UNSOUND   {bug.name}: the code without the bug does not survive it either", flush=True)
            return False
        _write(bug, kill["line"])
    return killed


def _write(bug: Bug, line: str) -> None:
    text = bug.path.read_text()
    bug.path.write_text(text.replace(f'killed_by = "{bug.killed_by}"', f'killed_by = "{line}"', 1))


def main(arguments: Sequence[str]) -> int:
    if "--table" in arguments:
        print(table())
        return 0
    hunting, names = "--hunt" in arguments, {name for name in arguments if not name.startswith("--")}
    chosen = [bug for bug in bugs() if bug.name in names or not names]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        killed = list(pool.map(lambda bug: _attempt(bug, hunting), chosen))
    print(f"{sum(killed)} of {len(killed)} killed")
    return len(killed) - sum(killed)


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
