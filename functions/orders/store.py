"""The orders table: orders, reasons of operators, copied prices, and the index of unfinished orders."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from kernel import identity
from kernel.errors import ConditionFailed, Contended, KeyReused
from kernel.events import Decision
from kernel.money import Money
from kernel.table import inbox, items, open_index, outbox, writes
from kernel.table.items import Item, Key
from kernel.table.open_index import Entry
from kernel.table.writes import Write
from kernel.triggers.observability import noted
from orders import domain
from orders.domain import Order, Phase, Status
from orders.events import OrderParked
from orders.fences import key_of
from orders.parked import Granted, Intervention, Selection, Wanted
from orders.pricing import Line, Price

PARKED = "parked"


class Place(NamedTuple):
    """Where an order stands in the index. In a shard the order that is longest due, or parked, is first."""

    shard: int
    due_at: datetime
    order_id: str


class Unfinished(NamedTuple):
    """A part of the unfinished orders, the ids of those that could not be read, and where it ended."""

    orders: Sequence[Order]
    unreadable: Sequence[str]
    last: Place | None


def load(order_id: str) -> Order | None:
    """The order as it is now, or None."""
    item = items.load(_order_key(order_id))
    return read(item) if item else None


def save(decision: Decision[Order], *, cause: str, granted: Intervention | None = None) -> None:
    """Saves the order and its facts in one transaction, with memory and reason of a `granted` request.

    Orders that have not ended stand in the index. Raises Contended when the order has changed, or the
    request was granted meanwhile.
    """
    order = decision.state
    changing = {**_stored(order.phase), **_watched(order), "reason": order.reason}
    if any(isinstance(fact, OrderParked) for fact in decision.facts):
        changing |= open_index.opened(order.order_id, identity.now(), kind=PARKED)
    aggregate = _aggregate(
        order,
        sets=changing if order.sequence else {**_accepted(order), **changing},
        removes=open_index.CLOSED if order.phase.has_ended else (),
    )
    beside = [_remembering(granted), _reason(granted)] if granted else []
    try:
        outbox.commit(aggregate, decision, cause=cause, beside=beside)
    except ConditionFailed as failed:
        raise Contended from failed


def remembers(asked: Intervention) -> bool:
    """Whether the request was granted before. Raises KeyReused when another request had its id."""
    item = items.load(_remembering(asked).key)
    if item and item["fingerprint"] != asked.fingerprint:
        raise KeyReused
    return item is not None


def selection(wanted: Wanted) -> Selection | None:
    """The orders that were selected for the request, or None. Raises KeyReused for another request's id."""
    item = items.load(_selection_key(wanted.id))
    if item and item["fingerprint"] != wanted.fingerprint:
        raise KeyReused
    return Selection(tuple(item["order_ids"]), item["more"]) if item else None


def keep(wanted: Wanted, selected: Selection) -> Selection:
    """Keeps what was selected for the request. Another process may have been first: what it kept counts."""
    kept: Item = {
        "by": wanted.by,
        "at": identity.now().isoformat(),
        "fingerprint": wanted.fingerprint,
        "order_ids": list(selected.order_ids),
        "more": selected.more,
    }
    try:
        writes.update(Write(_selection_key(wanted.id), sets=kept, condition="attribute_not_exists(#pk)"))
    except ConditionFailed:
        return selection(wanted) or selected
    return selected


def granted(order_id: str, *, limit: int) -> list[Granted]:
    """The latest interventions in the order, latest first."""
    key = {"pk": f"intervention#{order_id}"}
    pages = {"MaxItems": limit}
    found = items.query("#pk = :pk", key, ConsistentRead=True, ScanIndexForward=False, PaginationConfig=pages)
    return [Granted(row["id"], datetime.fromisoformat(row["at"]), row["by"], row["because"]) for row in found]


def unfinished(status: Status, *, after: Place | None, limit: int) -> Unfinished:
    """Orders of this status, as they are now, and the place to go on from, if there may be more.

    The next `limit` entries of the index are looked at, shard by shard, so fewer orders may be found.
    """
    kind = PARKED if status is Status.NEEDS_ATTENTION else open_index.OPEN
    places = list(islice(_places(kind, after, limit=limit + 1), limit + 1))
    current: list[Order] = []
    unreadable: dict[str, Any] = {}
    for place in places[:limit]:
        item = items.load(_order_key(place.order_id))
        with noted(unreadable, place.order_id):
            if item:
                current.append(read(item))
    found = [order for order in current if order.status is status]
    return Unfinished(found, list(unreadable), places[limit - 1] if len(places) > limit else None)


def prices(skus: Iterable[str], *, to: str) -> dict[str, Price]:
    """The copied prices by SKU; a SKU without a price is left out. Raises Contended if DynamoDB is busy.

    Raises ErasedCustomer for a customer who is to be forgotten. The read may be a moment behind the fence,
    and the order may be placed a moment after it. Such an order is waited for like all that are open.
    """
    fence = key_of(to)
    found = list(items.load_all([*map(_price_key, skus), fence], consistent=False))
    if any(item["pk"] == fence["pk"] for item in found):
        raise domain.ErasedCustomer
    return {item["sku"]: Price(item["sku"], Money(**item["price"]), item["for_sale"]) for item in found}


def copy_price(price: Price, *, sequence: int) -> None:
    """Keeps the price, unless a later price is known. The row of a retired product stays as a tombstone."""
    write = Write(
        key=_price_key(price.sku),
        sets={
            "sku": price.sku,
            "price": price.price.plain(),
            "for_sale": price.for_sale,
            "sequence": sequence,
        },
        condition="attribute_not_exists(#sequence) OR #sequence < :sequence",
    )
    try:
        writes.update(write)
    except ConditionFailed:
        return


def _aggregate(order: Order, *, sets: Item, removes: Sequence[str] = ()) -> outbox.Aggregate:
    return outbox.Aggregate(
        key=_order_key(order.order_id),
        subject=f"order/{order.order_id}",
        correlation=order.order_id,
        version=order.version,
        sequence=order.sequence,
        sets=sets,
        removes=removes,
    )


def _watched(order: Order) -> Item:
    """What the sweep counts, and when it looks at an open order again."""
    watched: Item = {"attempts": order.attempts, "runs": order.runs}
    if order.failed:
        watched |= {"failed": order.failed, "failed_run": order.failed_run, "last_error": order.last_error}
    if order.claimed_at:
        watched["claimed_at"] = order.claimed_at.isoformat()
    if order.phase.is_open and order.due_at:
        watched["due_at"] = order.due_at.isoformat()
    return watched


def _accepted(order: Order) -> Item:
    return {
        "order_id": order.order_id,
        "customer_id": order.customer_id,
        "lines": [_row(line) for line in order.lines],
        "total": order.total.plain(),
        "payment_method": order.payment_method,
        "placed_at": order.placed_at.isoformat(),
        "fingerprint": order.fingerprint,
        **open_index.opened(order.order_id, order.placed_at + domain.PATIENCE),
    }


def read(item: Item) -> Order:
    """The order that an item of the table holds."""
    return Order(
        order_id=item["order_id"],
        customer_id=item["customer_id"],
        lines=tuple(map(_line, item["lines"])),
        total=Money(**item["total"]),
        payment_method=item["payment_method"],
        placed_at=datetime.fromisoformat(item["placed_at"]),
        fingerprint=item["fingerprint"],
        phase=_phase(item),
        reason=item["reason"],
        attempts=item["attempts"],
        runs=item.get("runs", 1),
        failed=item.get("failed", 0),
        failed_run=item.get("failed_run", 0),
        last_error=item.get("last_error", ""),
        claimed_at=_moment(item, "claimed_at"),
        due_at=_moment(item, "due_at"),
        version=item.get("version", 0),
        sequence=item["sequence"],
    )


def _moment(item: Item, name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]) if name in item else None


def _places(kind: str, after: Place | None, *, limit: int) -> Iterator[Place]:
    for shard in range(after.shard if after else 0, open_index.SHARDS):
        begins = _entry(after) if after and shard == after.shard else None
        for entry in open_index.entries(kind, shard, limit=limit, after=begins):
            yield Place(shard, datetime.fromisoformat(entry.due_at), entry.pk.removeprefix("order#"))


def _entry(place: Place) -> Entry:
    return Entry(place.due_at.isoformat(), **_order_key(place.order_id))


def _stored(phase: Phase) -> Item:
    """The phase as a record holds it: the status and, until the order has ended, whether it is fenced."""
    return {"status": phase.status} | ({} if phase.has_ended else {"fenced": phase.is_fenced})


def _phase(item: Item) -> Phase:
    """The phase of a record. Without `fenced`, from an earlier release, a parked order counts as fenced."""
    if item["status"] != Status.NEEDS_ATTENTION:
        return Phase(item["status"])
    return Phase.PARKED_FENCED if item.get("fenced", True) else Phase.PARKED_UNFENCED


def _remembering(asked: Intervention) -> Write:
    return inbox.once("operators", asked.id, fingerprint=asked.fingerprint)


def _reason(asked: Intervention) -> Write:
    """The text that a person typed stands in this row only, so that it can be deleted. Events hold its id."""
    at = identity.now().isoformat()
    return Write(
        key={"pk": f"intervention#{asked.order_id}", "sk": f"{at}#{asked.id}"},
        sets={"id": asked.id, "at": at, "by": asked.by, "because": asked.because},
    )


def _selection_key(id: str) -> Key:
    return {"pk": f"selection#{id}", "sk": "selection"}


def _row(line: Line) -> Item:
    return {"sku": line.sku, "quantity": line.quantity, "unit_price": line.unit_price.plain()}


def _line(row: Item) -> Line:
    return Line(row["sku"], row["quantity"], Money(**row["unit_price"]))


def _order_key(order_id: str) -> Key:
    return {"pk": f"order#{order_id}", "sk": "order"}


def _price_key(sku: str) -> Key:
    return {"pk": f"price#{sku}", "sk": "price"}
