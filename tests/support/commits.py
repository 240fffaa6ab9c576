"""An order's payment in the ledger on a table: to append entries, and to look at what is stored."""

import json
from typing import Any

from kernel.table import writes
from kernel.table.writes import Write
from payments import domain, entries, store
from payments.entries import Entries
from payments.intents import Intent, Progress
from payments.ledger import Head
from payments.payment import Payment
from tests.support import aws
from tests.support.payment_histories import TOTAL


def append(*decided: entries.Entry, order_id: str = "o1", cause: str = "test") -> Head[Payment]:
    return store.record(store.load(order_id), lambda payment: decided, cause=cause)


def appended(*history: entries.Entry) -> Head[Payment]:
    """The stream after a commit of each entry."""
    for entry in history:
        append(entry)
    return store.load("o1")


def stored(order_id: str = "o1") -> list[dict[str, Any]]:
    return [item for item in aws.items("payments") if item["pk"] == f"payment#{order_id}"]


def captured(payment: Payment) -> Entries:
    return domain.settle(payment, Intent("pi_1", Progress.CAPTURED, TOTAL))


def lie(**says: Any) -> None:
    """Changes the state that the newest commit stores, and nothing else."""
    newest = stored()[-1]
    state = json.dumps(json.loads(newest["state"]) | says)
    writes.update(Write({"pk": newest["pk"], "sk": newest["sk"]}, sets={"state": state}))
