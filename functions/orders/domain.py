"""The order's life: PENDING, then CONFIRMED, or by way of CANCELLING to CANCELLED or NEEDS_ATTENTION."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import Literal, assert_never

from kernel.errors import Fault, KeyReused, Refusal
from kernel.events import Decision
from kernel.money import Money
from orders.events import (
    CancellationStarted,
    Line,
    OrderCancelled,
    OrderConfirmed,
    OrderParked,
    OrderPlaced,
    OrderResolved,
    OrderResumed,
)

INTERRUPTED = "Interrupted"
PATIENCE = timedelta(minutes=2)
MOST_ATTEMPTS = 5


class UnknownProduct(Refusal):
    """At least one product is not for sale."""

    status = 422


class MixedCurrencies(Refusal):
    """One order is paid in one currency."""

    status = 422


class TotalMismatch(Refusal):
    """The order costs something else than expected."""


class OrderNotPending(Refusal):
    """The order was fenced before it could be confirmed."""


class AlreadyConfirmed(Refusal):
    """The order is confirmed and stands."""


class NotParked(Refusal):
    """Only an order that NEEDS_ATTENTION is resumed or resolved."""


class NotUndone(Refusal):
    """Not everything that the order had set off is undone for ever."""


class NotHeld(Refusal):
    """The order is not both paid and its stock held."""


class AlreadyFenced(Refusal):
    """The order was fenced, so it can only be cancelled."""


class NotFenced(Fault):
    """An order was to be cancelled that had not been fenced."""


class Status(StrEnum):
    """Where an order is; it only ever moves forward."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


@dataclass(frozen=True)
class Wanted:
    """What a customer asks for, before it has a price."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class Price:
    """What one unit of a SKU costs, and whether it is for sale."""

    sku: str
    price: Money
    for_sale: bool


@dataclass(frozen=True)
class Standing:
    """What another service says of its part of an order: undone for ever, held for it, or neither."""

    status: str
    undone: bool
    held: bool


@dataclass(frozen=True)
class Intervention:
    """An operator's request about a parked order; it has the same `id` when it is made again."""

    id: str
    by: str
    because: str


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


def price(wanted: Sequence[Wanted], prices: Mapping[str, Price]) -> tuple[Line, ...]:
    """The lines with today's prices. Raises UnknownProduct naming the SKUs, and MixedCurrencies."""
    missing = [line.sku for line in wanted if line.sku not in prices or not prices[line.sku].for_sale]
    if missing:
        raise UnknownProduct(skus=missing)
    if len({prices[line.sku].price.currency for line in wanted}) > 1:
        raise MixedCurrencies
    return tuple(
        Line(sku=line.sku, quantity=line.quantity, unit_price=prices[line.sku].price) for line in wanted
    )


def total_of(lines: Sequence[Line], *, expected: Money | None) -> Money:
    """What the lines cost together. Raises TotalMismatch carrying it when another total was expected."""
    total = reduce(Money.__add__, (line.unit_price.times(line.quantity) for line in lines))
    if expected is not None and expected != total:
        raise TotalMismatch(total=total.plain())
    return total


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
        lines=order.lines,
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
            return _confirmed(order)
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
            return _cancelled(order)
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


def resume(order: Order, request: Intervention) -> Decision[Order]:
    """Has a parked order's undo lane run once more. Raises NotParked."""
    _must_be_parked(order)
    fact = OrderResumed(
        order_id=order.order_id, by=request.by, because=request.because, resumption=request.id
    )
    return Decision(order, (fact,))


def resolve(
    order: Order,
    to: Literal[Status.CONFIRMED, Status.CANCELLED],
    *,
    request: Intervention,
    payment: Standing,
    reservation: Standing,
) -> Decision[Order]:
    """Ends a parked order as an operator says and the others' books allow.

    What they said may be a moment old, and holds all the same. Undone is for ever. Held ends with an
    undo only, nothing is undone before the order is fenced, and this decision is saved on condition
    that no fence has come since the order was loaded, which was after they were asked.
    Raises NotParked, NotUndone, AlreadyFenced and NotHeld.
    """
    _must_be_parked(order)
    if to is Status.CANCELLED:
        if not (payment.undone and reservation.undone):
            raise NotUndone(payment=payment.status, reservation=reservation.status)
        ended = _cancelled(order)
    else:
        if order.fenced:
            raise AlreadyFenced
        if not (payment.held and reservation.held):
            raise NotHeld(payment=payment.status, reservation=reservation.status)
        ended = _confirmed(order)
    fact = OrderResolved(order_id=order.order_id, to=to.value, by=request.by, because=request.because)
    return Decision(ended.state, (fact, *ended.facts))


def look_again(attempts: int, now: datetime) -> datetime:
    """When an order that has been claimed `attempts` times is due, if it is open still."""
    return now + PATIENCE * (1 << attempts)


def _must_be_parked(order: Order) -> None:
    if order.status is not Status.NEEDS_ATTENTION:
        raise NotParked(status=order.status.value)


def _confirmed(order: Order) -> Decision[Order]:
    fact = OrderConfirmed(order_id=order.order_id)
    return Decision(replace(order, status=Status.CONFIRMED, reason=""), (fact,))


def _cancelled(order: Order) -> Decision[Order]:
    fact = OrderCancelled(order_id=order.order_id, reason=order.reason)
    return Decision(replace(order, status=Status.CANCELLED), (fact,))
