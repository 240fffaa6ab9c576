"""What an operator may decide about a parked order, given what payments and inventory say of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kernel.errors import Refusal
from kernel.events import Decision
from orders.domain import Order, Status, end_cancelled, end_confirmed
from orders.events import OrderResolved, OrderResumed


class NotParked(Refusal):
    """Only an order that NEEDS_ATTENTION is resumed or resolved."""


class NotUndone(Refusal):
    """Not everything that the order had set off is undone for ever."""


class NotHeld(Refusal):
    """The order is not both paid and its stock held."""


class AlreadyFenced(Refusal):
    """The order was fenced, so it can only be cancelled."""


@dataclass(frozen=True)
class Standing:
    """What another service says of its part of an order: undone for ever, held for it, or neither."""

    status: str
    undone: bool
    held: bool


@dataclass(frozen=True)
class Intervention:
    """An operator's request about a parked order. It has the same `id` when it is repeated.

    `fingerprint` is a hash of the request, so that a reused key can be told from a repeated request.
    """

    id: str
    order_id: str
    by: str
    because: str
    fingerprint: str


@dataclass(frozen=True)
class Wanted:
    """An operator's request to resume up to `most` parked orders: those of one `reason`, or of any.

    It has the same `id` when it is repeated. `fingerprint` is a hash of the request.
    """

    id: str
    by: str
    reason: str | None
    most: int
    fingerprint: str


@dataclass(frozen=True)
class Selection:
    """The parked orders that a request is about. `more`: others may be parked too."""

    order_ids: tuple[str, ...]
    more: bool


@dataclass(frozen=True)
class Granted:
    """An intervention that was granted, as other operators are shown it."""

    id: str
    at: datetime
    by: str
    because: str


def resume(order: Order, asked: Intervention) -> Decision[Order]:
    """Records that a parked order's undo lane is to run once more. Raises NotParked."""
    _must_be_parked(order)
    fact = OrderResumed(order_id=order.order_id, by=asked.by, resumption=asked.id)
    return Decision(order, (fact,))


def resolve(
    order: Order,
    to: Literal[Status.CONFIRMED, Status.CANCELLED],
    *,
    asked: Intervention,
    payment: Standing,
    reservation: Standing,
) -> Decision[Order]:
    """Ends a parked order as an operator says and the other services' books allow.

    The books may have been read a moment ago, and what they said holds all the same. What is undone is
    undone for ever. What is held is held until an undo, and nothing is undone before the order is fenced.
    This decision is saved on condition that no fence has come since the order was loaded, and the order
    was loaded after the books were read. Raises NotParked, NotUndone, AlreadyFenced and NotHeld.
    """
    _must_be_parked(order)
    if to is Status.CANCELLED:
        if not (payment.undone and reservation.undone):
            raise NotUndone(payment=payment.status, reservation=reservation.status)
        ended = end_cancelled(order)
    else:
        if order.phase.is_fenced:
            raise AlreadyFenced
        if not (payment.held and reservation.held):
            raise NotHeld(payment=payment.status, reservation=reservation.status)
        ended = end_confirmed(order)
    fact = OrderResolved(order_id=order.order_id, to=to.value, by=asked.by, resolution=asked.id)
    return Decision(ended.state, (fact, *ended.facts))


def _must_be_parked(order: Order) -> None:
    if not order.phase.is_parked:
        raise NotParked(status=order.status.value)
