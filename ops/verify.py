"""Checks every invariant in a deployed stack: `make verify`.

`python -m ops.verify [--settled 15m]` exits 1 and names what is wrong, or 0 and says what was checked.
It only reads: it scans each table twice.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from kernel import identity
from kernel.events import Envelope
from ops import books
from ops.deployment import Deployment, here
from ops.evidence import Evidence, Item
from ops.invariants import INVARIANTS, Violation, stock, violations

UNITS = {"s": 1, "m": 60, "h": 3600}
# An event is timed before it is committed. Its function, with some clock skew, may take as long as this.
SOONEST = timedelta(minutes=1)
FIRST, LAST = ("storefront", "vault"), "orders"


def gather(deployment: Deployment, settled: timedelta) -> Evidence:
    """Reads the evidence of a deployed stack that goes on writing.

    Scans of several tables are no snapshot. Still, the check of a settled order is sound. Every change of a
    record commits an event in the same transaction, timed by SOONEST before it at most. Suppose that a record
    changes while the tables are read. Then an outbox has an event of about that time. The second scan of the
    outboxes begins when the first reading has ended, so it finds the event, and the order counts as moving:
    the event is younger than `settled`. An order without such an event did not change while the tables were
    read. So all that was read of it was true at the same time.

    The invariants for moving orders are sound too. They rest on single items, on immutable items, and on the
    order of reading. The storefront is read first: every event that it knows is in an outbox that is read
    later. So is the vault: every commit that it seals is found later. Orders are read last: every order that
    another table names is found.
    """
    at = identity.now()
    names = {**deployment.tables(), "vault": deployment.outputs("VaultName")["payments"]}
    order = sorted(names, key=lambda service: (service not in FIRST, service == LAST, service))
    tables = {service: list(deployment.scan(names[service])) for service in order}
    for service in order:
        tables[service] += _later(tables[service], deployment.scan(names[service], **_outbox()))
    return evidence(tables, at=at, settled_before=at - settled)


def evidence(tables: Mapping[str, Sequence[Item]], *, at: datetime, settled_before: datetime) -> Evidence:
    """The evidence in these tables. The events in the journal count as published."""
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
    """The rows that the first scan did not find."""
    keys = {(item["pk"], item["sk"]) for item in known}
    return [row for row in found if (row["pk"], row["sk"]) not in keys]


def report(found: Evidence, wrong: Sequence[Violation]) -> list[Any]:
    """The lines to print: a table of the violations, or the rules that hold; and then what was read."""
    moving = sorted(order_id for order_id in found.orders if found.moves(order_id))
    stocks, events = stock.taken(found), sum(map(len, found.known.values()))
    reserved, sold = (sum(units) for units in _split(found))
    said = [
        f"{len(INVARIANTS)} rules, {len(found.orders)} orders, {len(stocks)} SKUs, {events} events, "
        f"{len(found.intents)} payments at the processor, as of {found.at:%Y-%m-%d %H:%M:%S} UTC.",
        f"{sum(stocks.values())} units are taken: {reserved} are reserved, {sold} sold.",
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


def _split(found: Evidence) -> Iterator[list[int]]:
    """The units of reservations, those that are reserved and those that are sold."""
    for status in stock.HELD_AS.values():
        yield [units for (_, place), units in stock.held(found).items() if place == status]


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
