"""Inventory over HTTP: operators receive stock, correct it, spread it over buckets, and see it."""

from dataclasses import asdict
from typing import Annotated, TypedDict

from pydantic import Field

from inventory import stock
from inventory.adjustment import Adjustment, TooFewAvailable
from inventory.buckets import MOST
from inventory.domain import Stock
from kernel import identity
from kernel.errors import KeyReused, NotFound
from kernel.privacy import Because
from kernel.triggers.http import Api, Body, Response, answer, slug

api = handler = Api()


class Receipt(Body):
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]


class Correction(Body):
    """`quantity` is added to what is available, so it is below zero."""

    quantity: Annotated[int, Field(ge=-1_000_000, le=-1)]
    because: Because


class Width(Body):
    count: Annotated[int, Field(ge=1, le=MOST)]


class Received(TypedDict):
    """A receipt on record."""

    receipt: str
    sku: str
    quantity: int


class Adjusted(TypedDict):
    """An adjustment on record."""

    adjustment: str
    sku: str
    quantity: int


class Spread(TypedDict):
    """In how many buckets a SKU's stock lies."""

    sku: str
    buckets: int


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
    stock.receive(slug(sku), quantity, receipt=receipt)
    return answer(201, Received(receipt=receipt, sku=sku, quantity=quantity))


@api.post(
    "/inventory/<sku>/adjustments",
    role="operator",
    takes=Correction,
    answers={201: Adjusted},
    refuses=(NotFound, KeyReused, TooFewAvailable),
)
def adjust_stock(sku: str) -> Response:
    """Takes units of a mistyped receipt from what is available, once per Idempotency-Key."""
    by, key, body = api.caller().customer_id, api.idempotency_key(), api.body(Correction)
    asked = Adjustment(
        id=identity.derive(by, key),
        sku=slug(sku),
        quantity=body.quantity,
        by=by,
        because=body.because,
        fingerprint=identity.derive(sku, body.quantity, body.because),
    )
    stock.adjust(asked, cause=api.cause())
    return answer(201, Adjusted(adjustment=asked.id, sku=sku, quantity=asked.quantity))


@api.post(
    "/inventory/<sku>/buckets", role="operator", takes=Width, answers={200: Spread}, refuses=(NotFound,)
)
def spread_stock(sku: str) -> Response:
    """Lets the stock of a SKU that many want at once lie in more buckets. Their number never falls."""
    name = slug(sku)
    return answer(200, Spread(sku=name, buckets=stock.spread(name, api.body(Width).count)))


@api.get("/inventory/<sku>", role="operator", answers={200: Stock}, refuses=(NotFound,))
def show_stock(sku: str) -> Response:
    """The units of a SKU in all its buckets, zeros for a SKU that was never received."""
    return answer(200, asdict(stock.shown(slug(sku))))
