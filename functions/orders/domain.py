"""The order's life: PENDING, then CONFIRMED, or by way of CANCELLING to CANCELLED, or parked for a person."""

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
    """An order's status as customers, operators and other services see it. It only moves forward."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


class Phase(StrEnum):
    """An order's status as its own service must know it.

    An order that NEEDS_ATTENTION is in one of two phases. An order that was parked unfenced may still be
    confirmed, and nothing of it may be undone yet. An order that was parked fenced can only be cancelled.
    """

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    PARKED_UNFENCED = "PARKED_UNFENCED"
    PARKED_FENCED = "PARKED_FENCED"

    @property
    def is_parked(self) -> bool:
        return self in (Phase.PARKED_UNFENCED, Phase.PARKED_FENCED)

    @property
    def is_fenced(self) -> bool:
        """Whether the order can only be cancelled."""
        return self in (Phase.CANCELLING, Phase.CANCELLED, Phase.PARKED_FENCED)

    @property
    def has_ended(self) -> bool:
        return self in (Phase.CONFIRMED, Phase.CANCELLED)

    @property
    def status(self) -> Status:
        return Status.NEEDS_ATTENTION if self.is_parked else Status(self.value)


@dataclass(frozen=True)
class Order:
    """An order as its service knows it.

    `fingerprint` is a hash of the request that placed the order. `attempts` counts how often the order was
    claimed for repair. `due_at` is when the sweep looks at the order, or since when it is parked. `version`
    counts the writes of the order, `sequence` the facts published about it.
    """

    order_id: str
    customer_id: str
    lines: tuple[Line, ...]
    total: Money
    payment_method: str
    placed_at: datetime
    fingerprint: str
    phase: Phase = Phase.PENDING
    reason: str = ""
    attempts: int = 0
    due_at: datetime | None = None
    sequence: int = 0
    version: int = 0

    @property
    def status(self) -> Status:
        return self.phase.status


def repeated(order: Order, fingerprint: str) -> Order:
    """The order as it was accepted. Raises KeyReused when another request had its key."""
    if order.fingerprint != fingerprint:
        raise KeyReused
    return order


def placed(order: Order) -> OrderPlaced:
    """The fact that the order was accepted. Its fields are also the input of the order's saga."""
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
    """Turns a PENDING order into CONFIRMED. Raises OrderNotPending once it was fenced or parked."""
    match order.phase:
        case Phase.CONFIRMED:
            return Decision(order)
        case Phase.PENDING:
            return end_confirmed(order)
        case Phase.CANCELLING | Phase.CANCELLED | Phase.PARKED_UNFENCED | Phase.PARKED_FENCED:
            raise OrderNotPending
        case other:
            assert_never(other)


def fence(order: Order, reason: str) -> Decision[Order]:
    """Turns PENDING into CANCELLING, and PARKED_UNFENCED into PARKED_FENCED. A fenced order stays as it is.

    Nothing of an order is undone before its fence, and no order is confirmed after its fence. Raises
    AlreadyConfirmed for a confirmed order, which stands.
    """
    match order.phase:
        case Phase.PENDING:
            return _fenced(replace(order, phase=Phase.CANCELLING, reason=reason))
        case Phase.PARKED_UNFENCED:
            return _fenced(replace(order, phase=Phase.PARKED_FENCED))
        case Phase.CANCELLING | Phase.CANCELLED | Phase.PARKED_FENCED:
            return Decision(order)
        case Phase.CONFIRMED:
            raise AlreadyConfirmed
        case other:
            assert_never(other)


def cancel(order: Order, stuck: Sequence[str], *, resumed: bool) -> Decision[Order]:
    """Ends a fenced order: CANCELLED, or parked while a step is stuck.

    A parked order is ended only when an operator has `resumed` it. Raises NotFenced for an order that is
    confirmed, or could still be.
    """
    match order.phase:
        case Phase.CANCELLED:
            return Decision(order)
        case Phase.CANCELLING:
            return park(order, stuck) if stuck else end_cancelled(order)
        case Phase.PARKED_UNFENCED | Phase.PARKED_FENCED if stuck or not resumed:
            return Decision(order)
        case Phase.PARKED_FENCED:
            return end_cancelled(order)
        case Phase.PENDING | Phase.CONFIRMED | Phase.PARKED_UNFENCED:
            raise NotFenced
        case other:
            assert_never(other)


def park(order: Order, stuck: Sequence[str]) -> Decision[Order]:
    """Hands an open order to a person. An order that was parked before, or has ended, stays as it is."""
    match order.phase:
        case Phase.PENDING:
            return _parked(replace(order, phase=Phase.PARKED_UNFENCED), stuck)
        case Phase.CANCELLING:
            return _parked(replace(order, phase=Phase.PARKED_FENCED), stuck)
        case Phase.PARKED_UNFENCED | Phase.PARKED_FENCED | Phase.CONFIRMED | Phase.CANCELLED:
            return Decision(order)
        case other:
            assert_never(other)


def look_again(attempts: int, now: datetime) -> datetime:
    """The time when an order that was claimed `attempts` times is due again, if it is still open."""
    return now + PATIENCE * (1 << attempts)


def end_confirmed(order: Order) -> Decision[Order]:
    """Ends the order as CONFIRMED. The caller has made sure that this is allowed."""
    fact = OrderConfirmed(order_id=order.order_id)
    return Decision(replace(order, phase=Phase.CONFIRMED, reason=""), (fact,))


def end_cancelled(order: Order) -> Decision[Order]:
    """Ends the order as CANCELLED. The caller has made sure that this is allowed."""
    fact = OrderCancelled(order_id=order.order_id, reason=order.reason)
    return Decision(replace(order, phase=Phase.CANCELLED), (fact,))


def _fenced(order: Order) -> Decision[Order]:
    return Decision(order, (CancellationStarted(order_id=order.order_id, reason=order.reason),))


def _parked(order: Order, stuck: Sequence[str]) -> Decision[Order]:
    reason = order.reason or INTERRUPTED
    fact = OrderParked(order_id=order.order_id, reason=reason, stuck=tuple(stuck))
    return Decision(replace(order, reason=reason), (fact,))


def _published(lines: tuple[Line, ...]) -> tuple[OrderedLine, ...]:
    return tuple(
        OrderedLine(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price) for line in lines
    )
