"""The order's life: PENDING, then CONFIRMED, or by way of CANCELLING to CANCELLED, or parked for a person."""

from collections.abc import Collection, Mapping
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
LONGEST_PATIENCE = timedelta(minutes=32)
# An order that is not fenced is finished forward for half an hour from its first claim on, in which it is
# looked at this often; and for longer, until so many of its executions were seen to fail, the last one too.
FORWARD = timedelta(minutes=30)
FORWARD_PATIENCE = timedelta(minutes=8)
LEAST_FAILED = 3
# So many claims without success, hours in all, make an order a person's.
MOST_ATTEMPTS = 8
MOST_ATTEMPTS_UNFENCED = 12
# Trying again does not help when our books do not agree with each other, or with the processor's.
DISAGREEMENTS = ("BooksDiffer", "AlreadySold", "Disputed")


class ErasedCustomer(Refusal):
    """This customer is being erased or was erased, and orders nothing any more."""


class OrderNotPending(Refusal):
    """The order was fenced before it could be confirmed."""


class AlreadyConfirmed(Refusal):
    """The order is confirmed and stands."""


class NotFenced(Fault):
    """An order was to be cancelled that had not been fenced."""


class UndoStuck(Fault):
    """A step of the undo lane failed, and is tried again for hours before a person is asked."""


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
    def is_open(self) -> bool:
        """Whether the sweep sees to the order."""
        return self in (Phase.PENDING, Phase.CANCELLING)

    @property
    def has_ended(self) -> bool:
        return self in (Phase.CONFIRMED, Phase.CANCELLED)

    @property
    def status(self) -> Status:
        return Status.NEEDS_ATTENTION if self.is_parked else Status(self.value)


@dataclass(frozen=True)
class Order:
    """An order as its service knows it.

    `fingerprint` is a hash of the request that placed the order. `due_at` is when the sweep looks at it or
    since when it is parked. `claimed_at` is the time of its first claim. `attempts` counts its claims since
    it was placed or fenced. `runs` counts its executions: the first, and one for every claim ever. `failed`
    counts the executions that were seen to fail; `failed_run` is the last of them, with `last_error`.
    `version` counts its writes, `sequence` the facts published about it.
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
    runs: int = 1
    failed: int = 0
    failed_run: int = 0
    last_error: str = ""
    claimed_at: datetime | None = None
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


def fence(order: Order, reason: str, *, look_at: datetime | None = None) -> Decision[Order]:
    """Turns PENDING into CANCELLING, and PARKED_UNFENCED into PARKED_FENCED. A fenced order stays as it is.

    Nothing of an order is undone before its fence, and no order is confirmed after its fence. The sweep's
    attempts are counted anew, and it looks at the order at `look_at`. Raises AlreadyConfirmed for an order
    that is confirmed, which stands.
    """
    match order.phase:
        case Phase.PENDING:
            due_at = look_at or order.due_at
            return _fenced(replace(order, phase=Phase.CANCELLING, reason=reason, attempts=0, due_at=due_at))
        case Phase.PARKED_UNFENCED:
            return _fenced(replace(order, phase=Phase.PARKED_FENCED))
        case Phase.CANCELLING if look_at and order.due_at and order.due_at + PATIENCE < look_at:
            return Decision(replace(order, due_at=look_at), unpublished=True)
        case Phase.CANCELLING | Phase.CANCELLED | Phase.PARKED_FENCED:
            return Decision(order)
        case Phase.CONFIRMED:
            raise AlreadyConfirmed
        case other:
            assert_never(other)


def cancel(order: Order, stuck: Mapping[str, str], *, resumed: bool) -> Decision[Order]:
    """Ends a fenced order: CANCELLED, or parked while a step is stuck. `stuck` maps a step to its error.

    A parked order is ended only when an operator has `resumed` it. Raises UndoStuck while a stuck step is
    to be tried again, and NotFenced for an order that is confirmed, or could still be.
    """
    match order.phase:
        case Phase.CANCELLED:
            return Decision(order)
        case Phase.CANCELLING if not stuck:
            return end_cancelled(order)
        case Phase.CANCELLING if needs_a_person(order, stuck):
            return park(order, stuck)
        case Phase.CANCELLING:
            raise UndoStuck(stuck=dict(stuck))
        case Phase.PARKED_UNFENCED | Phase.PARKED_FENCED if stuck or not resumed:
            return Decision(order)
        case Phase.PARKED_FENCED:
            return end_cancelled(order)
        case Phase.PENDING | Phase.CONFIRMED | Phase.PARKED_UNFENCED:
            raise NotFenced
        case other:
            assert_never(other)


def needs_a_person(order: Order, stuck: Mapping[str, str]) -> bool:
    """Whether trying again is over: it was tried for hours, or the books disagree."""
    return is_given_up(order) or any(error in DISAGREEMENTS for error in stuck.values())


def is_given_up(order: Order) -> bool:
    """Whether the order was claimed for hours."""
    most = MOST_ATTEMPTS if order.phase.is_fenced else MOST_ATTEMPTS_UNFENCED
    return order.attempts >= most


def is_finished_forward(order: Order, now: datetime) -> bool:
    """Whether an order that was just claimed runs its saga again. Otherwise it is undone."""
    was_seen = order.failed >= LEAST_FAILED and order.failed_run == order.runs - 1
    return order.phase is Phase.PENDING and (not was_seen or _is_early(order, now))


def note_fault(order: Order, *, run: int, error: str) -> Decision[Order]:
    """Counts an execution that was seen to fail, once."""
    if order.phase is not Phase.PENDING or run <= order.failed_run:
        return Decision(order)
    noted = replace(order, failed=order.failed + 1, failed_run=run, last_error=error)
    return Decision(noted, unpublished=True)


def park(order: Order, stuck: Collection[str]) -> Decision[Order]:
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


def claim(order: Order, now: datetime) -> Decision[Order]:
    """Counts one more claim of the order, which has one more execution to come."""
    claimed = replace(
        order,
        attempts=order.attempts + 1,
        runs=order.runs + 1,
        claimed_at=order.claimed_at or now,
    )
    longest = FORWARD_PATIENCE if _is_early(claimed, now) else LONGEST_PATIENCE
    due_at = now + min(PATIENCE * (1 << claimed.attempts), longest)
    return Decision(replace(claimed, due_at=due_at), unpublished=True)


def _is_early(order: Order, now: datetime) -> bool:
    """Whether the order is unfenced, and its first claim is not long ago."""
    return not order.phase.is_fenced and (order.claimed_at is None or now - order.claimed_at < FORWARD)


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


def _parked(order: Order, stuck: Collection[str]) -> Decision[Order]:
    reason = order.reason or INTERRUPTED
    fact = OrderParked(order_id=order.order_id, reason=reason, stuck=tuple(sorted(stuck)))
    return Decision(replace(order, reason=reason), (fact,))


def _published(lines: tuple[Line, ...]) -> tuple[OrderedLine, ...]:
    return tuple(
        OrderedLine(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price) for line in lines
    )
