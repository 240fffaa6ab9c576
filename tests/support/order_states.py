"""An order in every state that it can be in."""

from dataclasses import replace
from datetime import UTC, datetime

from kernel.money import Money
from orders.domain import Order, Phase
from orders.pricing import Line

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINES = (
    Line(sku="mug", quantity=2, unit_price=Money(1250, "EUR")),
    Line(sku="lid", quantity=3, unit_price=Money(99, "EUR")),
)
PENDING = Order("o1", "alice", LINES, Money(2797, "EUR"), "method-1", NOON, "hash", attempts=2, sequence=1)
CONFIRMED = replace(PENDING, phase=Phase.CONFIRMED, sequence=2)
CANCELLING = replace(PENDING, phase=Phase.CANCELLING, reason="OutOfStock", sequence=2)
CANCELLED = replace(CANCELLING, phase=Phase.CANCELLED, sequence=3)
PARKED = replace(CANCELLING, phase=Phase.PARKED_FENCED, sequence=3)
NEVER_FENCED = replace(PENDING, phase=Phase.PARKED_UNFENCED, reason="Interrupted", sequence=2)
STATES = (PENDING, CONFIRMED, CANCELLING, CANCELLED, PARKED, NEVER_FENCED)
