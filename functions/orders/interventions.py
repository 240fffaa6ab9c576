"""Operators' requests about a parked order: each is granted once, in the transaction of its effect."""

from collections.abc import Callable
from typing import Literal

from kernel.errors import NotFound
from kernel.events import Decision
from kernel.table import outbox
from orders import parked, store
from orders.domain import Order, Status
from orders.parked import Intervention, Standing


def resume(asked: Intervention, *, cause: str) -> None:
    """Records that the order is resumed. Checkout repairs it. Raises NotFound, KeyReused, NotParked."""
    _grant(asked, lambda order: parked.resume(order, asked), cause=cause)


def resolve(
    asked: Intervention,
    to: Literal[Status.CONFIRMED, Status.CANCELLED],
    *,
    payment: Standing,
    reservation: Standing,
    cause: str,
) -> None:
    """Ends the order. Raises NotFound, KeyReused, and the refusals of `parked.resolve`."""

    def decide(order: Order) -> Decision[Order]:
        return parked.resolve(order, to, asked=asked, payment=payment, reservation=reservation)

    _grant(asked, decide, cause=cause)


def _grant(asked: Intervention, decide: Callable[[Order], Decision[Order]], *, cause: str) -> None:
    """Decides and saves, unless the same request was granted before."""

    def use_case() -> None:
        if store.remembers(asked):
            return
        order = store.load(asked.order_id)
        if order is None:
            raise NotFound
        store.save(decide(order), cause=cause, granted=asked)

    outbox.persist(use_case)
