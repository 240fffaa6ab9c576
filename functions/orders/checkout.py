"""Accepts a checkout: a repeated request gets its order again; a new request is priced, or refused."""

from dataclasses import dataclass

from kernel import identity
from kernel.errors import Contended
from kernel.money import Money
from orders import domain, pricing, store
from orders.domain import Order
from orders.pricing import Wanted


@dataclass(frozen=True)
class Request:
    """A customer's checkout; `fingerprint` is a hash of the request's body."""

    order_id: str
    customer_id: str
    wanted: tuple[Wanted, ...]
    payment_method: str
    expected_total: Money | None
    fingerprint: str


def accept(request: Request, *, cause: str) -> Order:
    """The order of the request's id: the order accepted before, or a new order at today's prices.

    Raises KeyReused when another request had the same id, ErasedCustomer, and the refusals of `pricing`.
    """
    if known := store.load(request.order_id):
        return domain.repeated(known, request.fingerprint)
    order = _priced(request)
    try:
        store.save(domain.place(order), cause=cause)
    except Contended:
        if known := store.load(request.order_id):
            return domain.repeated(known, request.fingerprint)
        raise
    return order


def _priced(request: Request) -> Order:
    skus = [line.sku for line in request.wanted]
    lines = pricing.price(request.wanted, store.prices(skus, to=request.customer_id))
    return Order(
        order_id=request.order_id,
        customer_id=request.customer_id,
        lines=lines,
        total=pricing.total_of(lines, expected=request.expected_total),
        payment_method=request.payment_method,
        placed_at=identity.now(),
        fingerprint=request.fingerprint,
    )
