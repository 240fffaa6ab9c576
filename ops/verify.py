"""Asks of a deployed stack everything that must hold: `make verify`.

`python -m ops.verify [--settled 15m]` exits 1 and names what is wrong, or 0 and says what was checked.
It only reads: two scans of each table that publishes, one of every other.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from kernel import identity
from kernel.events import Envelope
from ops import books
from ops.deployment import Deployment, here
from ops.evidence import Evidence, Item
from ops.invariants import INVARIANTS, Violation, violations

UNITS = {"s": 1, "m": 60, "h": 3600}
# A commit is timed before it is written, by a function that may take as long as this, and some clock skew.
SOONEST = timedelta(minutes=1)
FIRST, LAST = "storefront", "orders"


def gather(deployment: Deployment, settled: timedelta) -> Evidence:
    """What a deployed stack has written down, while it goes on writing.

    Scans of several tables are no snapshot, and yet what is said of an order that is settled is sound.
    Whatever changes a record commits an event with it, in the same transaction and timed by then. So a
    record that changed while the tables were read has an event of that time in an outbox, and the second
    look at the outboxes, which begins when the first reading has ended, finds it: the order counts as
    moving, for `settled` before the beginning is long past. An order without such an event did not change
    while the tables were read, and what was read of it one after the other stood there together.

    What is asked of moving orders too rests on single items, on immutable ones, and on the order of
    reading: the storefront first, so that whatever it knows is in an outbox when that is read; orders
    last, so that whatever names an order finds it.
    """
    at = identity.now()
    names = deployment.tables()
    order = sorted(names, key=lambda service: (service != FIRST, service == LAST, service))
    tables = {service: list(deployment.scan(names[service])) for service in order}
    for service in order:
        tables[service] += _later(tables[service], deployment.scan(names[service], **_outbox()))
    return evidence(tables, at=at, settled_before=at - settled)


def evidence(tables: Mapping[str, Sequence[Item]], *, at: datetime, settled_before: datetime) -> Evidence:
    """The evidence in those tables: published is what is in the journal."""
    rows = [item for item in tables.get("storefront", ()) if item["pk"].startswith("journal#")]
    published = [Envelope.model_validate_json(row["event"]) for row in rows]
    return Evidence(tables, published, books.intents(tables, at), at, settled_before)


def _outbox() -> dict[str, Any]:
    return {
        "FilterExpression": "#kind = :outbox",
        "ExpressionAttributeNames": {"#kind": "kind"},
        "ExpressionAttributeValues": {":outbox": {"S": "outbox"}},
    }


def _later(known: Iterable[Item], found: Iterable[Item]) -> list[Item]:
    """The rows that were not there at the first look."""
    keys = {(item["pk"], item["sk"]) for item in known}
    return [row for row in found if (row["pk"], row["sk"]) not in keys]


def report(found: Evidence, wrong: Sequence[Violation]) -> list[Any]:
    """What to print: the violations in a table or the rules that hold, and what was looked at."""
    moving = sorted(order_id for order_id in found.orders if found.moves(order_id))
    stocks, events = found.records("inventory", "stock"), sum(map(len, found.known.values()))
    said = [
        f"{len(INVARIANTS)} rules, {len(found.orders)} orders, {len(stocks)} SKUs, {events} events, "
        f"{len(found.intents)} payments at the processor, as of {found.at:%Y-%m-%d %H:%M:%S} UTC.",
        f"{len(moving)} orders are still moving; of these only what holds always was asked."
        + "".join(f"\n  {order_id} {found.orders[order_id]['status']}" for order_id in moving[:20]),
    ]
    if not wrong:
        return [*(f"  holds  {rule.says}" for rule in INVARIANTS.values()), "", *said, "Nothing is wrong."]
    shown = Table(box=None, header_style="bold")
    for heading in ("rule", "about", "what"):
        shown.add_column(heading, overflow="fold")
    for each in wrong:
        shown.add_row(each.rule, each.about, each.what)
    return [shown, "", *said, f"{len(wrong)} violations. What each rule asks is in ops/invariants/."]


def duration(text: str) -> timedelta:
    """`90s`, `15m` or `2h`, a minute at least. Raises ArgumentTypeError."""
    said = re.fullmatch(r"(\d+)([smh])", text)
    length = timedelta(seconds=int(said[1]) * UNITS[said[2]]) if said else timedelta()
    if length < SOONEST:
        raise argparse.ArgumentTypeError("say it as 90s, 15m or 2h; a minute is the least")
    return length


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make verify", description="Checks what must hold.")
    explained = "orders without an event for this long are settled, and asked everything (default: 15m)"
    parser.add_argument("--settled", type=duration, default=timedelta(minutes=15), help=explained)
    settled = parser.parse_args(arguments).settled
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = 140
    deployment = here()
    console.print(f"Auditing {deployment.name}\n")
    found = gather(deployment, settled)
    wrong = violations(found)
    for line in report(found, wrong):
        console.print(line)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
