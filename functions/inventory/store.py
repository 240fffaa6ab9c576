"""Inventory's table: `stock#<sku>` counters and `reservation#<order id>` records."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from inventory import domain
from inventory.domain import MOVES, Line, OutOfStock, Reservation, Status, Stock
from kernel import identity
from kernel.errors import ConditionFailed, Contended, KeyReused
from kernel.events import Decision
from kernel.table import inbox, items, open_index, outbox, writes
from kernel.table.items import Key
from kernel.table.writes import Write


def load(order_id: str) -> Reservation:
    """The order's reservation as it is now; NONE when there is no record."""
    item = items.load(_reservation_key(order_id))
    return _reservation(item) if item else Reservation(order_id)


def hold(decision: Decision[Reservation], *, cause: str) -> None:
    """Saves a reservation that takes available stock. Raises OutOfStock with the SKUs that are short."""
    try:
        save(decision, cause=cause)
    except ConditionFailed as failed:
        lines = decision.state.lines
        raise OutOfStock(skus=[lines[place].sku for place in sorted(failed.old)]) from failed


def save(decision: Decision[Reservation], *, cause: str) -> None:
    """Saves the reservation, its facts and the counters of its SKUs in one transaction.

    Raises ConditionFailed when a counter would go below zero, Contended when the reservation has changed.
    """
    reservation = decision.state
    closed = () if reservation.is_open else open_index.CLOSED
    aggregate = _aggregate(reservation, sets=_sets(reservation), removes=closed)
    moved = [_move(line, *MOVES[reservation.status]) for line in reservation.lines]
    outbox.commit(aggregate, decision, cause=cause, beside=moved)


def overdue(now: datetime, *, limit: int) -> Iterator[str]:
    """Ids of orders whose reservation is open and due. The reservation is due again an hour later."""
    later = {"due_at": (now + domain.PATIENCE).isoformat()}
    for reservation in map(_reservation, open_index.due(now, limit=limit)):
        with suppress(Contended):  # closed or claimed a moment ago, or still due
            outbox.revise(_aggregate(reservation, sets=later))
            yield reservation.order_id


def receive(sku: str, quantity: int, *, receipt: str) -> None:
    """Adds units to the stock, once per receipt. Raises KeyReused when its SKU or quantity was another."""
    fingerprint = identity.derive(sku, quantity)
    arrived = Write(key=_stock_key(sku), adds={"available": quantity, "received": quantity})
    try:
        writes.transact([arrived, inbox.once("receipts", receipt, fingerprint=fingerprint)])
    except ConditionFailed as failed:
        if failed.old[1]["fingerprint"] != fingerprint:
            raise KeyReused from failed


def stock(sku: str) -> Stock:
    """The SKU's counters as they are now; all zero for a SKU that was never received."""
    item: dict[str, Any] = items.load(_stock_key(sku)) or {}
    counters = ("available", "reserved", "sold", "received")
    return Stock(sku, **{counter: item.get(counter, 0) for counter in counters})


def _reservation(item: items.Item) -> Reservation:
    return Reservation(
        order_id=item["order_id"],
        status=Status(item["status"]),
        lines=tuple(Line(row["sku"], row["quantity"]) for row in item["lines"]),
        version=item.get("version", 0),
        sequence=item["sequence"],
    )


def _aggregate(
    reservation: Reservation, *, sets: items.Item, removes: Sequence[str] = ()
) -> outbox.Aggregate:
    return outbox.Aggregate(
        key=_reservation_key(reservation.order_id),
        subject=f"reservation/{reservation.order_id}",
        correlation=reservation.order_id,
        version=reservation.version,
        sequence=reservation.sequence,
        sets=sets,
        removes=removes,
    )


def _sets(reservation: Reservation) -> items.Item:
    sets: items.Item = {
        "order_id": reservation.order_id,
        "status": reservation.status,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in reservation.lines],
    }
    due_at = identity.now() + domain.PATIENCE
    return sets | (open_index.opened(reservation.order_id, due_at) if reservation.is_open else {})


def _move(line: Line, source: str, target: str) -> Write:
    """A plain ADD without a version, so that buyers of one SKU conflict no more than they must."""
    return Write(
        key=_stock_key(line.sku),
        adds={source: -line.quantity, target: line.quantity},
        condition=f"#{source} >= :quantity",
        binds={"quantity": line.quantity},
    )


def _reservation_key(order_id: str) -> Key:
    return {"pk": f"reservation#{order_id}", "sk": "reservation"}


def _stock_key(sku: str) -> Key:
    return {"pk": f"stock#{sku}", "sk": "stock"}
