"""Operators' requests about a parked order: each is granted once, in the transaction of its effect."""

from collections.abc import Callable
from typing import Literal

from kernel.errors import NotFound
from kernel.events import Decision
from kernel.table import outbox
from orders import parked, store
from orders.domain import Order, Status
from orders.parked import Intervention, Selection, Standing, Wanted

PAGE, LOOKED_AT = 50, 1_000


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


def select(wanted: Wanted) -> Selection:
    """The orders that such a request would resume now. Looks at the first LOOKED_AT parked orders."""
    found: list[str] = []
    place, looked, left_out = None, 0, False
    while len(found) < wanted.most and looked < LOOKED_AT:
        page = store.unfinished(Status.NEEDS_ATTENTION, after=place, limit=PAGE)
        found += [order.order_id for order in page.orders if wanted.reason in (None, order.reason)]
        place, left_out = page.last, left_out or bool(page.unreadable)
        looked += PAGE
        if place is None:
            break
    more = left_out or place is not None or len(found) > wanted.most
    return Selection(tuple(found[: wanted.most]), more=more)


def selected(wanted: Wanted) -> Selection:
    """The orders that were selected when the request first came. Raises KeyReused."""
    return store.selection(wanted) or store.keep(wanted, select(wanted))


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
