"""The table of what was run with this very code: numbers from the records of the runs, none typed by hand."""

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.simulator.faults.kinds import Kind
from tests.simulator.plays.records import fingerprint, recorded
from tests.simulator.plays.scenarios import SCENARIOS
from tests.simulator.plays.tries import discovered, singles

NOT_RUN = "not run with this code"


def main() -> int:
    calls = {name: discovered(name) for name in SCENARIOS}
    every = {name: singles(name) for name in SCENARIOS}
    print(
        f"# What was run\n\nCode `{fingerprint()}`, {len(SCENARIOS)} scenarios, {len(Kind)} kinds of fault.\n"
    )
    print("| what | calls | faults | schedules | wrong | seconds of one core |")
    print("| --- | --: | --: | --: | --: | --: |")
    enumerated = sum(map(len, calls.values()))
    tries = sum(map(len, every.values()))
    wrong = _row("every single fault", recorded("singles"), calls=enumerated, faults=1, of=tries)
    wrong += _row("a part of them, with the Standard saga", recorded("standard"), faults=1)
    wrong += _row("a sample of pairs", recorded("sampled"), faults=2)
    wrong += _row("every pair after these first faults", recorded("pairs"), faults=2)
    wrong += _row("random schedules", recorded("storms"))
    _bugs()
    print(f"\nViolations: {wrong}.\n\n| scenario | calls | single faults |\n| --- | --: | --: |")
    for name in SCENARIOS:
        print(f"| {name} | {len(calls[name])} | {len(every[name])} |")
    kinds = Counter(kind for scenario in every.values() for one in scenario for _, kind in one.faults)
    print("\n| kind of fault | tried |\n| --- | --: |")
    for kind in Kind:
        print(f"| {kind.value} | {kinds[kind]} |")
    return int(wrong > 0)


def _row(what: str, done: Mapping[str, Any], *, calls: int = 0, faults: int = 0, of: int = 0) -> int:
    """Prints what was done, and answers how many of it went wrong."""
    if not done:
        print(f"| {what} | | | {NOT_RUN} | | |")
        return 0
    schedules = sum(one["schedules"] for one in done.values())
    made = calls or sum(one.get("calls", 0) for one in done.values())
    had = faults * schedules or sum(one["faults"] for one in done.values())
    wrong = sum(len(one["wrong"]) for one in done.values())
    seconds = sum(one["seconds"] for one in done.values())
    total = f"{schedules} of {of}" if of else str(schedules)
    print(f"| {what} | {made or ''} | {had} | {total} | {wrong} | {seconds:.0f} |")
    return wrong


def _bugs() -> None:
    bugs = recorded("bugs").values()
    killed = sum(bool(bug["killed_by"]) for bug in bugs)
    seconds = sum(bug["seconds"] for bug in bugs)
    told = f"{killed} killed of {len(bugs)} seeded" if bugs else NOT_RUN
    print(f"| reference bugs | | | {told} | | {seconds:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
