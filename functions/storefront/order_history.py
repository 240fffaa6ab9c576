"""The order_history view: one row per order, with what orders, inventory and payments say of it."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from kernel.errors import ConditionFailed
from kernel.events import Envelope, read
from kernel.money import Money
from kernel.table import items, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write
from storefront import journal

Status = Literal["PENDING", "CANCELLING", "CONFIRMED", "CANCELLED", "NEEDS_ATTENTION"]
Stock = Literal["RESERVED", "RELEASED", "COMMITTED"]
Payment = Literal["CAPTURED", "DECLINED", "VOIDED", "REFUNDING", "REFUNDED"]
Dispute = Literal["OPEN", "WON", "LOST"]
Meaning = TypeVar("Meaning", Status, Stock, Payment, Dispute)

ORDER: Mapping[str, Status] = {
    "OrderPlaced": "PENDING",
    "CancellationStarted": "CANCELLING",
    "OrderConfirmed": "CONFIRMED",
    "OrderCancelled": "CANCELLED",
    "OrderParked": "NEEDS_ATTENTION",
}
STOCK: Mapping[str, Stock] = {
    "StockReserved": "RESERVED",
    "StockReleased": "RELEASED",
}
PAYMENT: Mapping[str, Payment] = {
    "PaymentCaptured": "CAPTURED",
    "PaymentDeclined": "DECLINED",
    "PaymentVoided": "VOIDED",
    "RefundStarted": "REFUNDING",
    "PaymentRefunded": "REFUNDED",
}
# A dispute flags the order, which stays as it is.
DISPUTE: Mapping[str, Dispute] = {"DisputeOpened": "OPEN", "DisputeWon": "WON", "DisputeLost": "LOST"}
# Of a refund after the sale the timeline tells, and the payment stays as it is.
REFUNDS = {"SaleRefundStarted", "SaleRefunded", "SaleRefundFailed"}


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Line(View):
    sku: str
    quantity: int
    unit_price: Money


class PlacedOrder(View):
    """The fields that the storefront reads of OrderPlaced. The payment method is none of its business."""

    customer_id: str
    lines: tuple[Line, ...]
    total: Money


class Reasoned(View):
    """The field that the storefront reads of any later event about the order."""

    reason: str | None = None


class Step(View):
    time: str
    type: str


class OrderHistory(View):
    """One order as its customer sees it. Times are RFC 3339, UTC, to the microsecond.

    `sequence` counts the order's own events, `folded` the events of all aggregates, and `as_of` is the
    time of the latest of them.
    """

    order_id: str
    customer_id: str
    lines: tuple[Line, ...]
    total: Money
    placed_at: str
    status: Status
    reason: str | None
    stock: Stock | None
    payment: Payment | None
    dispute: Dispute | None = None
    sequence: int
    folded: int
    as_of: str
    timeline: tuple[Step, ...]


def reads(event: Envelope) -> bool:
    """Whether the event is about an order. What no order sets off is correlated with its own subject."""
    return event.correlationid != event.subject


class Place(NamedTuple):
    """Where an order stands in its customer's list."""

    placed_at: str
    order_id: str


def fold(envelopes: Iterable[Envelope]) -> OrderHistory | None:
    """The row that the events of one correlation make, in any order and with any duplicates.

    None until OrderPlaced is among them. Aggregates may come in any order: each decides fields of its own.
    Events of other types are counted and change nothing else.
    """
    aggregates = journal.prefixes(envelopes)
    folded = list(chain.from_iterable(aggregates.values()))
    order = _about(folded, "settle.orders", "order", ORDER)
    stock = _about(folded, "settle.inventory", "reservation", STOCK)
    payment = _about(folded, "settle.payments", "payment", PAYMENT)
    refunds = _about(folded, "settle.payments", "payment", REFUNDS)
    disputes = _about(folded, "settle.payments", "payment", DISPUTE)
    placed = next((event for event in order if event.type == "OrderPlaced"), None)
    if placed is None:
        return None
    status = _status(order)
    return OrderHistory(
        **dict(read(placed, PlacedOrder)),
        order_id=placed.correlationid,
        placed_at=_stamp(placed.time),
        status=status,
        reason=read(order[-1], Reasoned).reason,
        stock=_sold(status, _latest(stock, STOCK)),
        payment=_latest(payment, PAYMENT),
        dispute=_latest(disputes, DISPUTE),
        sequence=len(aggregates[placed.source, placed.subject]),
        folded=len(folded),
        as_of=_stamp(max(event.time for event in folded)),
        timeline=tuple(_timeline([*order, *stock, *payment, *refunds, *disputes])),
    )


def save(row: OrderHistory) -> None:
    """Writes the row, unless the stored row was folded from more events, or from more of the order's own.

    The last row has all events: whoever appended the last of them read all of them afterwards. Until then two
    projectors that run at once may each miss an event that is appended meanwhile. So what the row says of
    stock and payment may go back for the moment until that event is folded; the order's own part never does.
    A row with equal counts is written again, so that a rebuild after a change of `fold` takes effect. The
    same code writes the same row.
    """
    write = Write(
        key=_key(row.order_id),
        sets=row.model_dump(mode="json"),
        condition="attribute_not_exists(#folded) OR (#folded <= :folded AND #sequence <= :sequence)",
    )
    try:
        writes.update(write)
    except ConditionFailed:
        return


def load(order_id: str) -> OrderHistory | None:
    """The row as it is now, or None."""
    item = items.load(_key(order_id))
    return OrderHistory.model_validate(item) if item else None


def load_all(order_ids: Sequence[str]) -> list[OrderHistory]:
    """The rows of at most 100 orders as they are now, in the order of the ids."""
    found = items.load_all(map(_key, order_ids), consistent=True)
    rows = {item["order_id"]: OrderHistory.model_validate(item) for item in found}
    return [rows[order_id] for order_id in order_ids if order_id in rows]


def of_customer(customer_id: str, *, limit: int, after: Place | None) -> list[Place]:
    """Up to `limit` places in the customer's list, newest first, beginning behind `after`.

    The index follows the rows within moments, so the newest order may be missing.
    """
    start = (
        {**_key(after.order_id), "customer_id": customer_id, "placed_at": after.placed_at} if after else {}
    )
    found = items.query(
        "#customer_id = :customer_id",
        {"customer_id": customer_id},
        IndexName="orders_of_customer",
        ScanIndexForward=False,
        Limit=limit,
        **({"ExclusiveStartKey": items.pack(start)} if start else {}),
    )
    return [Place(item["placed_at"], _order_id(item)) for item in islice(found, limit)]


def _about(events: Iterable[Envelope], source: str, kind: str, known: Container[str]) -> list[Envelope]:
    """The events of known types that `source` published about its own record of the order."""
    return [
        event
        for event in events
        if event.source == source and event.subject == f"{kind}/{event.correlationid}" and event.type in known
    ]


def _status(events: list[Envelope]) -> Status:
    """The status of the latest event. But an order that was parked stays so while it is being undone."""
    latest = ORDER[events[-1].type]
    parked = any(event.type == "OrderParked" for event in events)
    return "NEEDS_ATTENTION" if parked and latest == "CANCELLING" else latest


def _sold(status: Status, stock: Stock | None) -> Stock | None:
    """What a confirmed order holds is sold. Inventory publishes no event of its own about that."""
    return "COMMITTED" if (status, stock) == ("CONFIRMED", "RESERVED") else stock


def _latest(events: list[Envelope], meanings: Mapping[str, Meaning]) -> Meaning | None:
    return meanings[events[-1].type] if events else None


def _timeline(events: Iterable[Envelope]) -> Iterator[Step]:
    """In order of time; source, subject and sequence decide between events of one moment."""
    for event in sorted(events, key=lambda one: (one.time, one.source, one.subject, one.sequence)):
        yield Step(time=_stamp(event.time), type=event.type)


def _stamp(moment: datetime) -> str:
    """The time as text, in UTC and of one length, so that placed_at sorts in the index as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _key(order_id: str) -> Key:
    return {"pk": f"order_history#{order_id}", "sk": "order_history"}


def _order_id(entry: Item) -> str:
    return str(entry["pk"]).removeprefix("order_history#")
