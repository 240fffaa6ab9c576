"""The saga's steps in orders: confirm, and the fence and end of its undo lane; claims for the sweep."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import BaseModel

from kernel import identity
from kernel.errors import Contended, Fault
from kernel.observability import count
from kernel.tasks import Step, task
from orders import domain, store
from orders.domain import Order, Status
from orders.events import OrderPlaced

RESUMED = "Resumed"


class ConfirmOrder(Step):
    order_id: str


class FenceOrder(Step):
    order_id: str
    reason: str


class CancelOrder(Step):
    """`stuck` maps the steps that could not be undone to what they failed with.

    `because` is what sent the saga to its undo lane; RESUMED when an operator did, who may end an order
    that NEEDS_ATTENTION.
    """

    order_id: str
    stuck: Mapping[str, Any]
    because: str = ""


class ClaimOverdue(Step):
    """How many orders of each shard to look at."""

    limit: int = 25


class OrderStatus(Step):
    order_id: str


class Outcome(BaseModel):
    order_id: str
    status: Status


class Claim(BaseModel):
    """An order claimed for repair for the `attempt`th time, with what its saga is started with."""

    status: Status
    attempt: int
    order: OrderPlaced


class Claims(BaseModel):
    claims: list[Claim]


@task(ConfirmOrder)
def confirm_order(step: ConfirmOrder) -> Outcome:
    """PENDING to CONFIRMED, unless it was fenced (OrderNotPending)."""
    decision = domain.confirm(_load(step.order_id))
    store.save(decision, cause=step.cause)
    return _outcome(decision.state)


@task(FenceOrder)
def fence_order(step: FenceOrder) -> Outcome:
    """PENDING to CANCELLING, before anything is undone; one that is confirmed stands (AlreadyConfirmed)."""
    decision = domain.fence(_load(step.order_id), step.reason)
    store.save(decision, cause=step.cause)
    return _outcome(decision.state)


@task(CancelOrder)
def cancel_order(step: CancelOrder) -> Outcome:
    """Ends the undo lane: CANCELLED, or NEEDS_ATTENTION while a step is stuck."""
    if step.stuck:
        count("OrderParked")
    decision = domain.cancel(_load(step.order_id), sorted(step.stuck), resumed=step.because == RESUMED)
    store.save(decision, cause=step.cause)
    return _outcome(decision.state)


@task(OrderStatus)
def order_status(step: OrderStatus) -> Outcome:
    """How the order stands, for services that still hold something for it."""
    return _outcome(_load(step.order_id))


@task(ClaimOverdue)
def claim_overdue(step: ClaimOverdue) -> Claims:
    """Claims what has been open for too long; parks what was claimed five times already."""
    overdue = list(store.overdue(identity.now(), limit=step.limit))
    claims = [_claim(order, cause=step.cause) for order in overdue]
    return Claims(claims=[claim for claim in claims if claim])


def _claim(order: Order, *, cause: str) -> Claim | None:
    """The claim, or None for an order that was given up or that somebody else has claimed."""
    if order.attempts >= domain.MOST_ATTEMPTS:
        _park(order, cause=cause)
        return None
    attempt = order.attempts + 1
    due_at = domain.look_again(attempt, identity.now())
    if not store.claim(order, due_at=due_at):
        return None
    return Claim(status=order.status, attempt=attempt, order=domain.placed(order))


def _park(order: Order, *, cause: str) -> None:
    """Counted first: an alarm too many is better than one that was never raised."""
    count("OrderParked")
    with suppress(Contended):  # it has moved on by itself
        store.save(domain.park(order, ()), cause=cause)


def _load(order_id: str) -> Order:
    order = store.load(order_id)
    if order is None:
        raise Fault(f"there is no order {order_id}")
    return order


def _outcome(order: Order) -> Outcome:
    return Outcome(order_id=order.order_id, status=order.status)
