"""Orders over HTTP: a customer checks out, looks at an order, cancels it."""

from typing import Annotated, Self

from aws_lambda_powertools.event_handler import Response
from pydantic import Field, model_validator

from kernel import identity, outbox
from kernel.errors import Contended, NotFound
from kernel.http import Api, Body, CardFree, Slug, answer, slug
from kernel.money import Money
from orders import domain, store
from orders.domain import Order, Wanted

api = handler = Api()

CANCELLED_BY_CUSTOMER = "CancelledByCustomer"


class WantedLine(Body):
    sku: Slug
    quantity: Annotated[int, Field(ge=1, le=999)]


class Checkout(Body):
    lines: Annotated[tuple[WantedLine, ...], Field(min_length=1, max_length=50)]
    payment_method: CardFree
    expected_total: Money | None = None

    @model_validator(mode="after")
    def _one_line_per_sku(self) -> Self:
        if len({line.sku for line in self.lines}) < len(self.lines):
            raise ValueError("one line per SKU")
        return self


@api.post("/checkout")
def place_order() -> Response[str]:
    """Accepts a checkout; the same key and body get the same answer for ever."""
    caller = api.caller()
    caller.must_be("customer")
    order_id = identity.derive(caller.customer_id, api.idempotency_key())
    order = _accept(order_id, caller.customer_id, api.body(Checkout))
    link = f"/orders/{order_id}"
    accepted = {
        "order_id": order_id,
        "total": _money(order.total),
        "links": {"order": link, "history": f"/storefront{link}", "cancel": f"{link}/cancel"},
    }
    return answer(202, accepted, Location=f"orders/{order_id}")


@api.get("/orders/<order_id>")
def show_order(order_id: str) -> Response[str]:
    """The order's own facts, consistent at once."""
    return answer(200, _shown(_seen(order_id)))


@api.post("/orders/<order_id>/cancel")
def cancel_order(order_id: str) -> Response[str]:
    """Starts to undo a customer's own order that is not confirmed yet; may be repeated."""
    api.caller().must_be("customer")

    def cancel() -> Order:
        decision = domain.fence(_seen(order_id), CANCELLED_BY_CUSTOMER)
        store.save(decision, cause=api.cause())
        return decision.state

    order = outbox.persist(cancel)
    return answer(202, {"order_id": order_id, "status": order.status})


def _accept(order_id: str, customer_id: str, checkout: Checkout) -> Order:
    """The order of this id: the one accepted before, or a new one at today's prices."""
    if known := store.load(order_id):
        return domain.repeated(known, checkout.fingerprint())
    wanted = [Wanted(line.sku, line.quantity) for line in checkout.lines]
    lines = domain.price(wanted, store.prices(line.sku for line in wanted))
    order = Order(
        order_id=order_id,
        customer_id=customer_id,
        lines=lines,
        total=domain.total_of(lines, expected=checkout.expected_total),
        payment_method=checkout.payment_method,
        placed_at=identity.now(),
        fingerprint=checkout.fingerprint(),
    )
    try:
        store.save(domain.place(order), cause=api.cause())
    except Contended:
        if known := store.load(order_id):
            return domain.repeated(known, checkout.fingerprint())
        raise
    return order


def _seen(order_id: str) -> Order:
    """The order, if there is one and the caller may see it; NotFound either way otherwise."""
    caller = api.caller()
    order = store.load(slug(order_id))
    caller.must_see(order.customer_id if order else None)
    if order is None:
        raise NotFound
    return order


def _shown(order: Order) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "status": order.status,
        "reason": order.reason or None,
        "lines": [line.model_dump() for line in order.lines],
        "total": _money(order.total),
        "placed_at": order.placed_at.isoformat(),
        "sequence": order.sequence,
    }


def _money(money: Money) -> dict[str, object]:
    return {"amount": money.amount, "currency": money.currency}
