"""The order's life: PENDING, then CONFIRMED, or by way of CANCELLING to CANCELLED or NEEDS_ATTENTION."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from kernel.errors import Fault, KeyReused, Refusal
from kernel.events import Decision
from kernel.money import Money
from orders.events import (
    CancellationStarted,
    OrderCancelled,
    OrderConfirmed,
    OrderedLine,
    OrderParked,
    OrderPlaced,
)
from orders.pricing import Line

INTERRUPTED = "Interrupted"
PATIENCE = timedelta(minutes=2)
MOST_ATTEMPTS = 5


class OrderNotPending(Refusal):
    """The order was fenced before it could be confirmed."""


class AlreadyConfirmed(Refusal):
    """The order is confirmed and stands."""


class NotFenced(Fault):
    """An order was to be cancelled that had not been fenced."""


class OrderMissing(Fault):
    """A step is about an order that is not there."""


class Status(StrEnum):
    """Where an order is; it only ever moves forward."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


@dataclass(frozen=True)
class Order:
    """An order as its service knows it.

    `fingerprint` is a hash of the request that placed it; `attempts` counts how often it was claimed
    for repair. Nothing is undone before `fenced`, and nothing is confirmed after. `due_at` is when the
    sweep looks at it, or since when it NEEDS_ATTENTION.
    """

    order_id: str
    customer_id: str
    lines: tuple[Line, ...]
    total: Money
    payment_method: str
    placed_at: datetime
    fingerprint: str
    status: Status = Status.PENDING
    reason: str = ""
    attempts: int = 0
    fenced: bool = False
    due_at: datetime | None = None
    sequence: int = 0

    @property
    def has_ended(self) -> bool:
        return self.status in (Status.CONFIRMED, Status.CANCELLED)


def repeated(order: Order, fingerprint: str) -> Order:
    """The order as it was accepted. Raises KeyReused when another request had its key."""
    if order.fingerprint != fingerprint:
        raise KeyReused
    return order


def placed(order: Order) -> OrderPlaced:
    """The fact that the order was accepted, which is also all that its saga needs."""
    return OrderPlaced(
        order_id=order.order_id,
        customer_id=order.customer_id,
        lines=_published(order.lines),
        total=order.total,
        payment_method=order.payment_method,
    )


def place(order: Order) -> Decision[Order]:
    """Accepts a new order."""
    return Decision(order, (placed(order),))


def confirm(order: Order) -> Decision[Order]:
    """PENDING to CONFIRMED. Raises OrderNotPending once it was fenced."""
    match order.status:
        case Status.CONFIRMED:
            return Decision(order)
        case Status.PENDING:
            return end_confirmed(order)
        case Status.CANCELLING | Status.CANCELLED | Status.NEEDS_ATTENTION:
            raise OrderNotPending
        case other:
            assert_never(other)


def fence(order: Order, reason: str) -> Decision[Order]:
    """PENDING to CANCELLING; one already fenced passes. Raises AlreadyConfirmed for one that stands.

    One that was parked before it was fenced is so now, and NEEDS_ATTENTION still.
    """
    match order.status:
        case Status.PENDING:
            fenced = replace(order, status=Status.CANCELLING, reason=reason, fenced=True)
            return Decision(fenced, (CancellationStarted(order_id=order.order_id, reason=reason),))
        case Status.NEEDS_ATTENTION if not order.fenced:
            fact = CancellationStarted(order_id=order.order_id, reason=order.reason)
            return Decision(replace(order, fenced=True), (fact,))
        case Status.CANCELLING | Status.CANCELLED | Status.NEEDS_ATTENTION:
            return Decision(order)
        case Status.CONFIRMED:
            raise AlreadyConfirmed
        case other:
            assert_never(other)


def cancel(order: Order, stuck: Sequence[str], *, resumed: bool) -> Decision[Order]:
    """Ends a fenced order: CANCELLED, or NEEDS_ATTENTION while a step is stuck.

    One that NEEDS_ATTENTION already is ended only when an operator has `resumed` it. Raises NotFenced for
    one that could still be confirmed, or is.
    """
    match order.status:
        case Status.CANCELLED:
            return Decision(order)
        case Status.CANCELLING if stuck:
            return park(order, stuck)
        case Status.NEEDS_ATTENTION if stuck or not resumed:
            return Decision(order)
        case Status.CANCELLING | Status.NEEDS_ATTENTION if order.fenced:
            return end_cancelled(order)
        case Status.PENDING | Status.CONFIRMED | Status.CANCELLING | Status.NEEDS_ATTENTION:
            raise NotFenced
        case other:
            assert_never(other)


def park(order: Order, stuck: Sequence[str]) -> Decision[Order]:
    """Hands an open order to a person: NEEDS_ATTENTION. One that has ended stays as it is."""
    match order.status:
        case Status.PENDING | Status.CANCELLING:
            reason = order.reason or INTERRUPTED
            fact = OrderParked(order_id=order.order_id, reason=reason, stuck=tuple(stuck))
            return Decision(replace(order, status=Status.NEEDS_ATTENTION, reason=reason), (fact,))
        case Status.NEEDS_ATTENTION | Status.CONFIRMED | Status.CANCELLED:
            return Decision(order)
        case other:
            assert_never(other)


def look_again(attempts: int, now: datetime) -> datetime:
    """When an order that has been claimed `attempts` times is due, if it is open still."""
    return now + PATIENCE * (1 << attempts)


def end_confirmed(order: Order) -> Decision[Order]:
    """The order ends CONFIRMED, which is for whoever knows that it may."""
    fact = OrderConfirmed(order_id=order.order_id)
    return Decision(replace(order, status=Status.CONFIRMED, reason=""), (fact,))


def end_cancelled(order: Order) -> Decision[Order]:
    """The order ends CANCELLED, which is for whoever knows that it may."""
    fact = OrderCancelled(order_id=order.order_id, reason=order.reason)
    return Decision(replace(order, status=Status.CANCELLED), (fact,))


def _published(lines: tuple[Line, ...]) -> tuple[OrderedLine, ...]:
    return tuple(
        OrderedLine(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price) for line in lines
    )
