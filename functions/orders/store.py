"""The orders table: `order#<id>` records, `price#<sku>` copies, and the index of what is open."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from kernel import dynamo, outbox
from kernel.dynamo import Item, Key, Write
from kernel.errors import ConditionFailed, Contended
from kernel.events import Decision
from kernel.money import Money
from orders import domain
from orders.domain import Order, Price, Status
from orders.events import Line


def load(order_id: str) -> Order | None:
    """The order as it is now, or None."""
    item = dynamo.load(_order_key(order_id))
    return _order(item) if item else None


def save(decision: Decision[Order], *, cause: str) -> None:
    """The order and its facts in one transaction; only open orders stand in the index of open ones.

    Raises Contended when the order has moved on.
    """
    order = decision.state
    changing = {"status": order.status, "reason": order.reason}
    aggregate = outbox.Aggregate(
        key=_order_key(order.order_id),
        subject=f"order/{order.order_id}",
        correlation=order.order_id,
        sequence=order.sequence,
        sets=changing if order.sequence else {**_accepted(order), **changing},
        removes=() if order.is_open else dynamo.CLOSED,
    )
    outbox.commit(aggregate, decision.facts, cause=cause)


def overdue(now: datetime, *, limit: int) -> Iterator[Order]:
    """Up to `limit` orders of each shard that are open and were due by `now`, as they are now."""
    return map(_order, dynamo.due(now, limit=limit))


def claim(order: Order, *, due_at: datetime) -> bool:
    """Counts one more attempt and sets the next due time; False when that could not be had now."""
    try:
        dynamo.update(
            Write(
                key=_order_key(order.order_id),
                sets={"attempts": order.attempts + 1, "due_at": due_at.isoformat()},
                condition="#sequence = :sequence AND #attempts = :seen",
                binds={"sequence": order.sequence, "seen": order.attempts},
            )
        )
    except (ConditionFailed, Contended):
        return False
    return True


def prices(skus: Iterable[str]) -> dict[str, Price]:
    """The copied prices of those SKUs that have one, by SKU. Raises Contended when DynamoDB is too busy."""
    wanted: list[Any] = [dynamo.pack(_price_key(sku)) for sku in skus]
    found: dict[str, Price] = {}
    for attempt in range(dynamo.ATTEMPTS):
        answer: Any = dynamo.client().batch_get_item(RequestItems={dynamo.table(): {"Keys": wanted}})
        for item in map(dynamo.unpack, answer["Responses"][dynamo.table()]):
            found[item["sku"]] = Price(item["sku"], Money(**item["price"]), item["for_sale"])
        wanted = answer["UnprocessedKeys"].get(dynamo.table(), {}).get("Keys", [])
        if not wanted:
            return found
        dynamo.back_off(attempt)
    raise Contended


def copy_price(price: Price, *, sequence: int) -> None:
    """Keeps the price, unless a later one is known; a product no longer for sale stays as a tombstone."""
    write = Write(
        key=_price_key(price.sku),
        sets={
            "sku": price.sku,
            "price": _money(price.price),
            "for_sale": price.for_sale,
            "sequence": sequence,
        },
        condition="attribute_not_exists(#sequence) OR #sequence < :sequence",
    )
    try:
        dynamo.update(write)
    except ConditionFailed:
        return


def _accepted(order: Order) -> Item:
    return {
        "order_id": order.order_id,
        "customer_id": order.customer_id,
        "lines": [line.model_dump() for line in order.lines],
        "total": _money(order.total),
        "payment_method": order.payment_method,
        "placed_at": order.placed_at.isoformat(),
        "fingerprint": order.fingerprint,
        "attempts": order.attempts,
        **dynamo.opened(order.order_id, domain.look_again(0, order.placed_at)),
    }


def _order(item: Item) -> Order:
    return Order(
        order_id=item["order_id"],
        customer_id=item["customer_id"],
        lines=_lines(item["lines"]),
        total=Money(**item["total"]),
        payment_method=item["payment_method"],
        placed_at=datetime.fromisoformat(item["placed_at"]),
        fingerprint=item["fingerprint"],
        status=Status(item["status"]),
        reason=item["reason"],
        attempts=item["attempts"],
        sequence=item["sequence"],
    )


def _lines(items: Sequence[Item]) -> tuple[Line, ...]:
    return tuple(Line.model_validate(item) for item in items)


def _money(money: Money) -> Item:
    return {"amount": money.amount, "currency": money.currency}


def _order_key(order_id: str) -> Key:
    return {"pk": f"order#{order_id}", "sk": "order"}


def _price_key(sku: str) -> Key:
    return {"pk": f"price#{sku}", "sk": "price"}
