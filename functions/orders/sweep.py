"""The claims of the sweep: what is open for too long is finished forward, then undone, then parked."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from kernel import identity
from kernel.errors import Contended
from kernel.triggers.observability import count
from orders import domain, store
from orders.domain import Order


def claim_overdue(*, shards: Iterable[int], limit: int, cause: str) -> Iterator[Order]:
    """Claims the orders that are open for too long; parks an order that was claimed too often already.

    Looks at `limit` orders of each of the shards. An order that cannot be claimed now does not hold up the
    others.
    """
    now = identity.now()
    for order in list(store.overdue(now, shards=shards, limit=limit)):
        with suppress(Contended):  # the order has changed or was claimed meanwhile, or is still due
            if order.attempts >= domain.MOST_ATTEMPTS:
                _park(order, cause=cause)
            else:
                claim = domain.claim(order, now)
                store.save(claim, cause=cause)
                yield claim.state


def _park(order: Order, *, cause: str) -> None:
    """Counts the order before it is parked: one alarm too many is better than one too few."""
    count("OrderParked")
    store.save(domain.park(order, ()), cause=cause)
