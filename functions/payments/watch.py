"""The watch: finds money that is held for an order for over an hour, and keeps it listed until it is not.

Each commit is looked at once, an hour after it was recorded. Where the order still holds money then, its row
in the index of open items has checkout's reconciliation ask for the order, hour after hour.
"""

from datetime import datetime, timedelta
from typing import Any

from kernel import identity
from kernel.triggers.observability import noted
from kernel.triggers.schedules import scheduled
from payments import ledger, store

PATIENCE = timedelta(hours=1)
# How much of a backlog is looked at in one run, and how far back the first run ever looks.
WINDOW, FIRST = timedelta(hours=6), timedelta(hours=2)


@scheduled(minutes=60)
def watch(line: dict[str, Any]) -> None:
    """Lists the orders whose money was captured over an hour ago and is neither revenue nor given back.

    A payment that cannot be read is listed too: the reconciliation then reports it every hour.
    """
    until = identity.now() - PATIENCE
    looked = store.watched_until() or until - FIRST
    until = min(until, looked + WINDOW)
    line["unread"] = {}
    for order_id in sorted(_paid(looked - ledger.LATE, until)):
        with noted(line["unread"], order_id):
            if not store.load(order_id).state.is_unsold:
                continue
        store.list_unsold(order_id)
    store.watched(until)


def _paid(since: datetime, until: datetime) -> set[str]:
    keys = {sealed.pk for sealed in ledger.recorded(since, until)}
    prefix = f"{store.PAYMENTS.kind}#"
    return {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}
