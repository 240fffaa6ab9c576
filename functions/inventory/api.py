"""Inventory over HTTP: operators receive stock and read its counters."""

from dataclasses import asdict
from typing import Annotated, TypedDict

from pydantic import Field

from inventory import store
from inventory.domain import Stock
from kernel import identity
from kernel.errors import KeyReused, NotFound
from kernel.triggers.http import Api, Body, Response, answer, slug

api = handler = Api()


class Receipt(Body):
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]


class Received(TypedDict):
    """A receipt on record."""

    receipt: str
    sku: str
    quantity: int


@api.post(
    "/inventory/<sku>/receipts",
    role="operator",
    takes=Receipt,
    answers={201: Received},
    refuses=(NotFound, KeyReused),
)
def receive_stock(sku: str) -> Response:
    """Adds the units that arrived to the stock, once per Idempotency-Key."""
    receipt = identity.derive(api.caller().customer_id, api.idempotency_key())
    quantity = api.body(Receipt).quantity
    store.receive(slug(sku), quantity, receipt=receipt)
    return answer(201, Received(receipt=receipt, sku=sku, quantity=quantity))


@api.get("/inventory/<sku>", role="operator", answers={200: Stock}, refuses=(NotFound,))
def show_stock(sku: str) -> Response:
    """The counters of a SKU, zeros for a SKU that was never received."""
    return answer(200, asdict(store.stock(slug(sku))))
