"""Runs the bench: `python -m localstack.bench [--base REVISION] [--checkouts N] [--burst N] [--rounds N]`.

Each round plays every phase on one side and then on the other, so that both have the same minutes of the
machine. The emulators have ports of their own, and end with this process.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from rich.console import Console
from rich.table import Table

from localstack.bench.load import Load, Measured
from localstack.bench.side import Side, deployed
from localstack.bench.table import figures, rows

WARMING = 12
OWN = "this code"
Phase = Callable[[Side], Measured]


def phases(checkouts: int, burst: int) -> dict[str, Phase]:
    return {
        "1 client": lambda side: Load(side, 1).closed_loop(checkouts),
        "8 clients": lambda side: Load(side, 8).closed_loop(checkouts),
        f"burst of {burst}": lambda side: Load(side, 32).burst(burst),
    }


def play(sides: Sequence[Side], asked: argparse.Namespace, tell: Callable[[str], None]) -> Table:
    """Warms each side up, then plays the rounds. Returns the table."""
    for side in sides:
        tell(f"warming up {side.name}")
        Load(side, WARMING).burst(2 * WARMING)
    shown = Table(title="Per checkout, the sandbox processor's part included", title_justify="left")
    for heading in (
        "phase",
        "figure",
        *(side.name for side in sides),
        *(["ratio"] if len(sides) == 2 else []),
    ):
        shown.add_column(heading, justify="left" if heading in ("phase", "figure") else "right")
    for name, phase in phases(asked.checkouts, asked.burst).items():
        measured: dict[str, list[Measured]] = defaultdict(list)
        for number in range(asked.rounds):
            for side in sides if number % 2 == 0 else reversed(sides):
                tell(f"{name}: round {number + 1} of {asked.rounds}, {side.name}")
                measured[side.name].append(phase(side))
        for row in rows(name, {side.name: figures(measured[side.name]) for side in sides}):
            shown.add_row(*row)
        shown.add_section()
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localstack.bench")
    parser.add_argument("--base", default="", help="a revision whose code is measured in the same minutes")
    parser.add_argument("--checkouts", type=int, default=96, help="of each closed loop, in each round")
    parser.add_argument("--burst", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True, width=110)
    with ExitStack() as stack:
        console.print(f"deploying {OWN}")
        sides = [stack.enter_context(deployed(OWN, ""))]
        if asked.base:
            console.print(f"deploying {asked.base}")
            sides.append(stack.enter_context(deployed(asked.base, asked.base)))
        console.print(play(sides, asked, console.print))


if __name__ == "__main__":
    main()
