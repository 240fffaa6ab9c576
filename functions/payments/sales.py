"""The use case of a sale: the money of a confirmed order becomes revenue."""

from payments import domain, store
from payments.payment import Status


def post(order_id: str, *, cause: str) -> Status:
    """Posts the order's sale once. Raises SaleTooEarly, BooksDiffer, Contended."""
    return store.record(store.load(order_id), domain.sell, cause=cause).state.status
