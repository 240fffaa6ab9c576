"""The orders table: orders, reasons of operators, copied prices, and the index of unfinished orders."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from kernel import identity
from kernel.errors import ConditionFailed, Contended, KeyReused
from kernel.events import Decision
from kernel.money import Money
from kernel.table import inbox, items, open_index, outbox, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write
from orders import domain
from orders.domain import Order, Phase, Status
from orders.events import OrderParked
from orders.parked import Granted, Intervention
from orders.pricing import Line, Price

PARKED = "parked"


class Place(NamedTuple):
    """Where an order stands in the index. In a shard the order that is longest due, or parked, is first."""

    shard: int
    due_at: datetime
    order_id: str


def load(order_id: str) -> Order | None:
    """The order as it is now, or None."""
    item = items.load(_order_key(order_id))
    return _order(item) if item else None


def save(decision: Decision[Order], *, cause: str, granted: Intervention | None = None) -> None:
    """Saves the order and its facts in one transaction, with memory and reason of a `granted` request.

    Orders that have not ended stand in the index. Raises Contended when the order has changed, or the
    request was granted meanwhile.
    """
    order = decision.state
    changing = {**_stored(order.phase), "reason": order.reason}
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


def granted(order_id: str, *, limit: int) -> list[Granted]:
    """The latest interventions in the order, latest first."""
    key = {"pk": f"intervention#{order_id}"}
    pages = {"MaxItems": limit}
    found = items.query("#pk = :pk", key, ConsistentRead=True, ScanIndexForward=False, PaginationConfig=pages)
    return [Granted(row["id"], datetime.fromisoformat(row["at"]), row["by"], row["because"]) for row in found]


def unfinished(status: Status, *, after: Place | None, limit: int) -> tuple[Sequence[Order], Place | None]:
    """Orders of this status, as they are now, and the place to go on from, if there may be more.

    The next `limit` entries of the index are looked at, shard by shard, so fewer orders may be found.
    """
    kind = PARKED if status is Status.NEEDS_ATTENTION else open_index.OPEN
    places = list(islice(_places(kind, after, limit=limit + 1), limit + 1))
    current = [load(place.order_id) for place in places[:limit]]
    found = [order for order in current if order and order.status is status]
    return found, places[limit - 1] if len(places) > limit else None


def overdue(now: datetime, *, limit: int) -> Iterator[Order]:
    """Up to `limit` orders of each shard that are open and were due by `now`, as they are now."""
    return map(_order, open_index.due(now, limit=limit))


def claim(order: Order, *, due_at: datetime) -> bool:
    """Counts one more attempt and sets the next due time. False when that write did not succeed."""
    try:
        outbox.revise(_aggregate(order, sets={"attempts": order.attempts + 1, "due_at": due_at.isoformat()}))
    except Contended:
        return False
    return True


def prices(skus: Iterable[str]) -> dict[str, Price]:
    """The copied prices by SKU; a SKU without a price is left out. Raises Contended if DynamoDB is busy."""
    found = items.load_all(map(_price_key, skus), consistent=False)
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


def _accepted(order: Order) -> Item:
    return {
        "order_id": order.order_id,
        "customer_id": order.customer_id,
        "lines": [_row(line) for line in order.lines],
        "total": order.total.plain(),
        "payment_method": order.payment_method,
        "placed_at": order.placed_at.isoformat(),
        "fingerprint": order.fingerprint,
        "attempts": order.attempts,
        **open_index.opened(order.order_id, domain.look_again(0, order.placed_at)),
    }


def _order(item: Item) -> Order:
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
        due_at=datetime.fromisoformat(item["due_at"]) if "due_at" in item else None,
        version=item.get("version", 0),
        sequence=item["sequence"],
    )


def _places(kind: str, after: Place | None, *, limit: int) -> Iterator[Place]:
    for shard in range(after.shard if after else 0, open_index.SHARDS):
        mark = f"{kind}#{shard}"
        options: Item = {"IndexName": "open", "Limit": limit}
        if after and shard == after.shard:
            key = {**_order_key(after.order_id), "open_shard": mark, "due_at": after.due_at.isoformat()}
            options["ExclusiveStartKey"] = items.pack(key)
        for entry in items.query("#open_shard = :shard", {"shard": mark}, **options):
            order_id = entry["pk"].removeprefix("order#")
            yield Place(shard, datetime.fromisoformat(entry["due_at"]), order_id)


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


def _row(line: Line) -> Item:
    return {"sku": line.sku, "quantity": line.quantity, "unit_price": line.unit_price.plain()}


def _line(row: Item) -> Line:
    return Line(row["sku"], row["quantity"], Money(**row["unit_price"]))


def _order_key(order_id: str) -> Key:
    return {"pk": f"order#{order_id}", "sk": "order"}


def _price_key(sku: str) -> Key:
    return {"pk": f"price#{sku}", "sk": "price"}
