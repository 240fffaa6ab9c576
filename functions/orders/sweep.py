"""The claims of the sweep: an order that is open for too long is claimed, or parked after five claims."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from kernel import identity
from kernel.errors import Contended
from kernel.triggers.observability import count
from orders import domain, store
from orders.domain import Order


@dataclass(frozen=True)
class Claimed:
    """An order that was claimed for repair for the `attempt`th time."""

    order: Order
    attempt: int


def claim_overdue(*, limit: int, cause: str) -> Iterator[Claimed]:
    """Claims the orders that are open for too long; parks an order that was claimed five times already.

    Looks at `limit` orders of each shard. An order that cannot be claimed now does not hold up the others.
    """
    for order in list(store.overdue(identity.now(), limit=limit)):
        if order.attempts >= domain.MOST_ATTEMPTS:
            _park(order, cause=cause)
        elif claimed := _claim(order):
            yield claimed


def _claim(order: Order) -> Claimed | None:
    """The claim, or None for an order that cannot be claimed now."""
    attempt = order.attempts + 1
    due_at = domain.look_again(attempt, identity.now())
    if not store.claim(order, due_at=due_at):
        return None
    return Claimed(order, attempt)


def _park(order: Order, *, cause: str) -> None:
    """Counts the order before it is parked: one alarm too many is better than one too few."""
    count("OrderParked")
    with suppress(Contended):  # the order has changed meanwhile
        store.save(domain.park(order, ()), cause=cause)
