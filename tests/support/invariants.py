"""What must hold whatever happened, read from the services' tables and the acquirer's own books."""

from typing import Any

from kernel.events import Envelope
from tests.support import aws
from tests.support.world import PUBLISHERS, World


def check(world: World) -> None:
    """Fails with what is wrong: money, stock, events, read model."""
    orders = {item["order_id"]: item for item in aws.items("orders") if item["pk"].startswith("order#")}
    _money(world, orders)
    _stock(orders)
    _events(world)
    _views(orders)


def _money(world: World, orders: dict[str, Any]) -> None:
    for order_id, order in orders.items():
        books = world.processor.books(order_id)
        assert books.captures <= 1, f"{order_id} was captured {books.captures} times"
        if order["status"] == "CONFIRMED":
            assert books.captured - books.refunded == order["total"]["amount"], f"{order_id} is not paid"
        if order["status"] == "CANCELLED":
            assert books.captured == books.refunded, f"{order_id} is cancelled and money is kept"


def _stock(orders: dict[str, Any]) -> None:
    for stock in (item for item in aws.items("inventory") if item["pk"].startswith("stock#")):
        counters = [stock.get(name, 0) for name in ("available", "reserved", "sold")]
        assert min(counters) >= 0, f"{stock['pk']} has a negative counter"
        assert sum(counters) == stock.get("received", 0), f"{stock['pk']} lost or found units"
    reservations = {
        item["pk"].removeprefix("reservation#"): item["status"]
        for item in aws.items("inventory")
        if item["pk"].startswith("reservation#")
    }
    for order_id, order in orders.items():
        if order["status"] == "CONFIRMED":
            assert reservations[order_id] == "COMMITTED"
        if order["status"] == "CANCELLED":
            assert reservations.get(order_id) == "RELEASED"


def _events(world: World) -> None:
    committed = [event for service in PUBLISHERS for event in aws.committed(service)]
    assert _ids(world.bus.published) == _ids(committed), "published events are not the committed ones"
    sequences: dict[tuple[str, str], list[int]] = {}
    for event in committed:
        sequences.setdefault((event.source, event.subject), []).append(event.sequence)
    for about, numbers in sequences.items():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), f"{about} has a gap or a duplicate"


def _views(orders: dict[str, Any]) -> None:
    rows = {
        item["order_id"]: item for item in aws.items("storefront") if item["pk"].startswith("order_history#")
    }
    assert set(rows) == set(orders)
    for order_id, order in orders.items():
        assert rows[order_id]["status"] == order["status"]


def _ids(events: list[Envelope]) -> set[str]:
    return {event.id for event in events}
