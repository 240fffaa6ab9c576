"""The saga's steps in inventory (reserve the stock, release it), and the commands that checkout sends."""

from typing import Annotated

from pydantic import BaseModel, Field

from inventory import domain, reservations, store
from kernel.triggers.claims import Batch, Look, claim_due
from kernel.triggers.tasks import Step, task


class WantedLine(BaseModel):
    sku: str
    quantity: Annotated[int, Field(ge=1)]


class ReserveStock(Step):
    order_id: str
    lines: tuple[WantedLine, ...]


class ReleaseStock(Step):
    order_id: str


class CommitStock(Step):
    order_id: str


class ReservationStatus(Step):
    order_id: str


class ClaimOpen(Look):
    """Asks for the orders for which stock is held for too long."""


class Open(Batch):
    order_ids: list[str]


class Done(BaseModel):
    """The order's reservation after a step."""

    order_id: str
    status: domain.Status


class Standing(BaseModel):
    """`undone`: no stock is held for the order, now and for ever. `held`: all its stock is held or sold."""

    order_id: str
    status: domain.Status
    undone: bool
    held: bool


@task(ReserveStock, about="order_id", refuses=(domain.OutOfStock, domain.ReservationReleased))
def reserve_stock(step: ReserveStock) -> Done:
    """Holds every line of the order or none (OutOfStock, ReservationReleased)."""
    lines = tuple(domain.Line(line.sku, line.quantity) for line in step.lines)
    held = reservations.reserve(step.order_id, lines, cause=step.cause)
    return Done(order_id=step.order_id, status=held.status)


@task(ReleaseStock, about="order_id")
def release_stock(step: ReleaseStock) -> Done:
    """Gives back the stock that the order holds. Without a reservation, rules out a later reservation."""
    released = reservations.release(step.order_id, cause=step.cause)
    return Done(order_id=step.order_id, status=released.status)


@task(CommitStock, about="order_id")
def commit_stock(step: CommitStock) -> Done:
    """Sells the stock that a confirmed order holds, in case its OrderConfirmed was lost."""
    reservations.commit(step.order_id)
    return Done(order_id=step.order_id, status=domain.Status.COMMITTED)


@task(ReservationStatus, about="order_id")
def reservation_status(step: ReservationStatus) -> Standing:
    """Tells how the reservation stands, and changes nothing."""
    found = store.load(step.order_id)
    return Standing(order_id=step.order_id, status=found.status, undone=found.is_undone, held=found.is_held)


@task(ClaimOpen)
def claim_open(step: ClaimOpen) -> Open:
    """The orders for which stock has been held for over an hour."""
    order_ids, batch = claim_due(step, read=store.read, claim=store.claim)
    return Open(order_ids=order_ids, failed=batch.failed, after=batch.after)
