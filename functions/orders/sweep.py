"""The claims of the sweep: what is open for too long is finished forward, then undone, then parked."""

from datetime import datetime

from kernel.triggers.observability import count
from orders import domain, store
from orders.domain import Order


def claim(order: Order, now: datetime, *, cause: str) -> Order | None:
    """Claims an order that is due, or parks it when it was claimed too often already. Raises Contended."""
    if domain.is_given_up(order):
        # It is counted before it is parked: one alarm too many is better than one too few.
        count("OrderParked")
        store.save(domain.park(order, ()), cause=cause)
        return None
    claimed = domain.claim(order, now)
    store.save(claimed, cause=cause)
    return claimed.state
