"""The saga's steps in orders, the claims of the sweep, and operators' requests that come through checkout."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kernel import identity
from kernel.errors import Refusal
from kernel.triggers.claims import Batch, Look, claim_due
from kernel.triggers.commands import Refused
from kernel.triggers.observability import count
from kernel.triggers.tasks import Step, task
from orders import domain, interventions, store, sweep
from orders.domain import Order, OrderMissing, Status
from orders.events import OrderPlaced
from orders.parked import Intervention, Standing, Wanted

RESUMED = "Resumed"


class Saga(BaseModel):
    """The part of the saga's memory that cancel_order reads. Sagas of the release before lack `resumed`."""

    resumed: bool = False


class ConfirmOrder(Step):
    order_id: str


class FenceOrder(Step):
    """The machine that fences the order has ended `finished_within` seconds from now. 0 says nothing."""

    order_id: str
    reason: str
    finished_within: int = 0


class CancelOrder(Step):
    """`stuck` maps each step of the undo lane that failed to its error, as Step Functions reports it.

    When an operator has resumed the order, the step may end it while it NEEDS_ATTENTION. Executions of the
    release before say so by RESUMED in `because`.
    """

    order_id: str
    stuck: Mapping[str, Any]
    saga: Saga = Saga()
    because: str = ""

    @property
    def is_resumed(self) -> bool:
        return self.saga.resumed or self.because == RESUMED

    @property
    def errors(self) -> dict[str, str]:
        """The name of each stuck step's error."""
        return {step: str(error.get("Error", "")) for step, error in self.stuck.items()}


class NoteFault(Step):
    """The `run`th execution of the order's saga ends with that error, and has undone nothing."""

    order_id: str
    run: int
    error: str


class ClaimOverdue(Look):
    """Asks for the orders that are open for too long."""


class OrderStatus(Step):
    order_id: str


class Asked(Step):
    """An operator's request. Its id `request` is the same when `by` asks again with the same key."""

    order_id: str
    request: str
    by: str
    because: str

    def intervention(self) -> Intervention:
        asked = self.model_dump_json(include={"order_id", "to", "because"})
        return Intervention(
            id=self.request,
            order_id=self.order_id,
            by=self.by,
            because=self.because,
            fingerprint=identity.derive(type(self).__name__, asked),
        )


class ResumeOrder(Asked):
    """Asks to run the undo lane once more."""


class ResolveOrder(Asked):
    """Asks to end the order. `payment` and `reservation` are what payments and inventory say of it."""

    to: Literal[Status.CONFIRMED, Status.CANCELLED]
    payment: Standing
    reservation: Standing


class SelectParked(Step):
    """Asks for up to `most` parked orders to resume. A `dry_run` shows them, and keeps nothing."""

    request: str
    by: str
    because: str
    reason: str | None
    most: Annotated[int, Field(ge=1, le=100)]
    dry_run: bool

    def wanted(self) -> Wanted:
        asked = self.model_dump_json(include={"because", "reason", "most"})
        fingerprint = identity.derive(type(self).__name__, asked)
        return Wanted(self.request, self.by, self.reason, self.most, fingerprint)


class Selected(BaseModel):
    """The ids of 0 to 100 parked orders. `more`: others may be parked too."""

    order_ids: tuple[str, ...]
    more: bool


class Resumption(BaseModel):
    order_id: str
    resumption: str


class OrderState(BaseModel):
    order_id: str
    status: Status


class Claim(BaseModel):
    """A claimed order: its `run`th execution is to go `forward`, with `order` as its input, or to undo it."""

    forward: bool
    run: int
    order: OrderPlaced

    @classmethod
    def of(cls, order: Order, now: datetime) -> "Claim":
        forward = domain.is_finished_forward(order, now)
        return cls(forward=forward, run=order.runs, order=domain.placed(order))


class Claims(Batch):
    claims: list[Claim]


@task(ConfirmOrder, about="order_id", refuses=(domain.OrderNotPending,))
def confirm_order(step: ConfirmOrder) -> OrderState:
    """Turns a PENDING order into CONFIRMED, unless it was fenced (OrderNotPending)."""
    decision = domain.confirm(_load(step.order_id))
    store.save(decision, cause=step.cause)
    return _outcome(decision.state)


@task(FenceOrder, about="order_id", refuses=(domain.AlreadyConfirmed,))
def fence_order(step: FenceOrder) -> OrderState:
    """Turns PENDING into CANCELLING, before any undo; a confirmed order stands (AlreadyConfirmed)."""
    decision = domain.fence(_load(step.order_id), step.reason, look_at=_look_at(step))
    store.save(decision, cause=step.cause)
    return _outcome(decision.state)


@task(NoteFault, about="order_id")
def note_fault(step: NoteFault) -> OrderState:
    """Counts an execution that was seen to fail. An order is not undone for executions that never ran."""
    decision = domain.note_fault(_load(step.order_id), run=step.run, error=step.error)
    store.save(decision, cause=step.cause)
    return _outcome(decision.state)


@task(CancelOrder, about="order_id")
def cancel_order(step: CancelOrder) -> OrderState:
    """Ends the undo lane: CANCELLED, or while a step is stuck UndoStuck, or in the end NEEDS_ATTENTION."""
    decision = domain.cancel(_load(step.order_id), step.errors, resumed=step.is_resumed)
    if decision.state.phase.is_parked:
        count("OrderParked")
    store.save(decision, cause=step.cause)
    return _outcome(decision.state)


@task(OrderStatus, about="order_id")
def order_status(step: OrderStatus) -> OrderState:
    """Tells the order's status, and changes nothing."""
    return _outcome(_load(step.order_id))


@task(ResumeOrder, about="order_id")
def resume_order(step: ResumeOrder) -> Resumption | Refused:
    """Records that an operator resumes the order, once per request; checkout starts the repair."""
    try:
        interventions.resume(step.intervention(), cause=step.cause)
    except Refusal as refusal:
        return Refused.by(refusal)
    return Resumption(order_id=step.order_id, resumption=step.request)


@task(SelectParked)
def select_parked(step: SelectParked) -> Selected | Refused:
    """Selects parked orders for a request of an operator: the same orders whenever it is repeated."""
    wanted = step.wanted()
    try:
        selection = interventions.select(wanted) if step.dry_run else interventions.selected(wanted)
    except Refusal as refusal:
        return Refused.by(refusal)
    return Selected(order_ids=selection.order_ids, more=selection.more)


@task(ResolveOrder, about="order_id")
def resolve_order(step: ResolveOrder) -> OrderState | Refused:
    """Ends a parked order as an operator says, once per request."""
    asked, books = step.intervention(), {"payment": step.payment, "reservation": step.reservation}
    try:
        interventions.resolve(asked, step.to, **books, cause=step.cause)
    except Refusal as refusal:
        return Refused.by(refusal)
    return OrderState(order_id=step.order_id, status=step.to)


@task(ClaimOverdue)
def claim_overdue(step: ClaimOverdue) -> Claims:
    """Claims the orders that are open for too long; parks an order that was claimed for hours already."""

    def claim(order: Order, now: datetime) -> Claim | None:
        claimed = sweep.claim(order, now, cause=step.cause)
        return Claim.of(claimed, now) if claimed else None

    claims, batch = claim_due(step, read=store.read, claim=claim)
    return Claims(claims=claims, failed=batch.failed, after=batch.after)


def _look_at(step: FenceOrder) -> datetime | None:
    """When the sweep looks at the fenced order: not before the machine that is to finish it has ended."""
    if not step.finished_within:
        return None
    return identity.now() + timedelta(seconds=step.finished_within) + domain.PATIENCE


def _load(order_id: str) -> Order:
    order = store.load(order_id)
    if order is None:
        raise OrderMissing(f"there is no order {order_id}")
    return order


def _outcome(order: Order) -> OrderState:
    return OrderState(order_id=order.order_id, status=order.status)
