"""Has the processor's books compared with the ledger now, and prints what differs: `make reconcile`.

`python -m ops.reconcile` exits 1 while anything is open, or when the comparison has failed.
"""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from kernel import identity
from ops.deployment import Deployment, here
from ops.evidence import Item

FUNCTION = "ReconcileName"
COLUMNS = ("kind", "order", "amount", "since", "id at the processor")


def compare(deployment: Deployment) -> str:
    """Has the schedule's function run now. Answers the name of its error; empty when it has ended well."""
    name = deployment.outputs(FUNCTION)["payments"]
    answer = deployment.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    failed = json.loads(answer["Payload"].read() or b"{}") if "FunctionError" in answer else {}
    return str(failed.get("errorType", "")) if failed else ""


def opened(deployment: Deployment) -> list[Item]:
    """The differences that are open, the oldest first."""
    found = deployment.scan(deployment.tables()["payments"])
    rows = [item for item in found if item["pk"].startswith("difference#") and item["state"] == "OPEN"]
    return sorted(rows, key=lambda row: str(row["raised_at"]))


def report(rows: list[Item], *, now: datetime) -> Iterator[Any]:
    """The lines to print."""
    if not rows:
        yield "The processor's books and ours agree, but for the last hour."
        return
    shown = Table(box=None, header_style="bold")
    for heading in COLUMNS:
        shown.add_column(heading, overflow="fold")
    for row in rows:
        age = (now - datetime.fromisoformat(row["raised_at"])).total_seconds()
        amount, order_id = f"{row['amount']} {row['currency']}", row["order_id"] or "none"
        shown.add_row(row["kind"], order_id, amount, _told(age), row["reference"])
    yield shown
    yield f"{len(rows)} are open. What each kind means is in ops/pages/differences.md."


def _told(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def main() -> int:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    deployment = here()
    console.print(f"Reconciling {deployment.name}")
    failed = compare(deployment)
    if failed:
        console.print(f"The comparison has failed: {failed}. The log of payments says more.")
    rows = opened(deployment)
    for line in report(rows, now=identity.now()):
        console.print(line)
    return int(bool(rows or failed))


if __name__ == "__main__":
    sys.exit(main())
