"""The saga's steps in orders, claims for the sweep, and what operators ask of an order by way of checkout."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Literal

from pydantic import BaseModel

from kernel import identity
from kernel.errors import Contended, Fault, NotFound, Refusal
from kernel.events import Decision
from kernel.table import outbox
from kernel.triggers.observability import count
from kernel.triggers.tasks import Step, task
from orders import domain, store
from orders.domain import Intervention, Order, Standing, Status
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


class Asked(Step):
    """What an operator asks for; `request` is the same when `by` asks again with the same key."""

    order_id: str
    request: str
    by: str
    because: str

    def intervention(self) -> Intervention:
        return Intervention(self.request, self.by, self.because)

    def fingerprint(self) -> str:
        asked = self.model_dump_json(include={"order_id", "to", "because"})
        return identity.derive(type(self).__name__, asked)


class ResumeOrder(Asked):
    """To have the undo lane run once more."""


class ResolveOrder(Asked):
    """With what payments and inventory say of the order."""

    to: Literal[Status.CONFIRMED, Status.CANCELLED]
    payment: Standing
    reservation: Standing


class Resumption(BaseModel):
    order_id: str
    resumption: str


class Refused(BaseModel):
    """A refusal for the operator, by HTTP status and body; the command itself has not failed."""

    refused: int
    problem: dict[str, Any]


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


@task(ResumeOrder)
def resume_order(step: ResumeOrder) -> Resumption | Refused:
    """Notes that an operator resumes the order, once per request; the repair is checkout's."""
    refused = _intervene(step, lambda order: domain.resume(order, step.intervention()))
    return refused or Resumption(order_id=step.order_id, resumption=step.request)


@task(ResolveOrder)
def resolve_order(step: ResolveOrder) -> Outcome | Refused:
    """Ends a parked order as an operator says, once per request."""

    def resolve(order: Order) -> Decision[Order]:
        request, payment, reservation = step.intervention(), step.payment, step.reservation
        return domain.resolve(order, step.to, request=request, payment=payment, reservation=reservation)

    return _intervene(step, resolve) or Outcome(order_id=step.order_id, status=step.to)


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


def _intervene(step: Asked, decide: Callable[[Order], Decision[Order]]) -> Refused | None:
    """Decides and saves, unless the same request was granted before."""
    request = store.Request(step.request, step.fingerprint())

    def use_case() -> None:
        if store.remembers(request):
            return
        order = store.load(step.order_id)
        if order is None:
            raise NotFound
        store.save(decide(order), cause=step.cause, request=request)

    try:
        outbox.persist(use_case)
    except Refusal as refusal:
        return Refused(refused=refusal.status, problem=refusal.problem())
    return None


def _load(order_id: str) -> Order:
    order = store.load(order_id)
    if order is None:
        raise Fault(f"there is no order {order_id}")
    return order


def _outcome(order: Order) -> Outcome:
    return Outcome(order_id=order.order_id, status=order.status)
