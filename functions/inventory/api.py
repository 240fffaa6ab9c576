"""Inventory over HTTP: operators receive stock and read its counters."""

from dataclasses import asdict
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from pydantic import Field

from inventory import store
from kernel import identity
from kernel.triggers.http import Api, Body, answer, slug

api = handler = Api()


class Receipt(Body):
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]


@api.post("/inventory/<sku>/receipts")
def receive_stock(sku: str) -> Response[str]:
    """Adds what arrived, once per Idempotency-Key."""
    caller = api.caller()
    caller.must_be("operator")
    receipt = identity.derive(caller.customer_id, api.idempotency_key())
    quantity = api.body(Receipt).quantity
    store.receive(slug(sku), quantity, receipt=receipt)
    return answer(201, {"receipt": receipt, "sku": sku, "quantity": quantity})


@api.get("/inventory/<sku>")
def show_stock(sku: str) -> Response[str]:
    api.caller().must_be("operator")
    return answer(200, asdict(store.stock(slug(sku))))
