"""Events of orders as the storefront sees them arrive, and rows of its view written by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.events import Envelope
from tests.support.events import arriving

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCES = {"order": "orders", "reservation": "inventory", "payment": "payments", "points": "loyalty"}
LINES = [{"sku": "mug", "quantity": 2, "unit_price": {"amount": 500, "currency": "EUR"}}]
TOTAL = {"amount": 1000, "currency": "EUR"}
CONTENT: dict[str, dict[str, Any]] = {
    "OrderPlaced": {"customer_id": "alice", "lines": LINES, "total": TOTAL, "payment_method": "method-1"},
    "CancellationStarted": {"reason": "PaymentDeclined"},
    "OrderCancelled": {"reason": "PaymentDeclined"},
    "OrderParked": {"reason": "Interrupted", "stuck": ["RefundPayment"]},
}


def event(second: int, kind: str, subject: str, sequence: int, **data: Any) -> Envelope:
    """An event about an order, `second` seconds after noon."""
    about, _, order_id = subject.partition("/")
    content = {"order_id": order_id, **CONTENT.get(kind, {}), **data}
    source = SOURCES[about]
    arrived = arriving(
        kind, source=source, subject=subject, sequence=sequence, correlation=order_id, **content
    )
    return arrived.model_copy(update={"time": NOON + timedelta(seconds=second)})


def placed(order_id: str = "o1", customer: str = "alice", second: int = 0) -> Envelope:
    return event(second, "OrderPlaced", f"order/{order_id}", 1, customer_id=customer)


def at(second: int) -> str:
    return f"2026-03-01T12:00:{second:02}.000000+00:00"


def timeline(*steps: tuple[int, str]) -> list[dict[str, str]]:
    return [{"time": at(second), "type": kind} for second, kind in steps]


PLACED = placed()
PLACED_ROW: dict[str, Any] = {
    "order_id": "o1",
    "customer_id": "alice",
    "lines": LINES,
    "total": TOTAL,
    "placed_at": at(0),
    "status": "PENDING",
    "reason": None,
    "stock": None,
    "payment": None,
    "dispute": None,
    "sequence": 1,
    "folded": 1,
    "as_of": at(0),
    "timeline": timeline((0, "OrderPlaced")),
}
