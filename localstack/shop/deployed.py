"""A deployed Settle as the demo and the end-to-end tests see it: its callers, and how an order ended.

The end is read in four places: the order, the stock, the payment, and the acquirer's own books.
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import quote

from localstack.machine import aws, tokens
from localstack.machine.deploy import EmulatorDeployment
from localstack.shop.client import ApiResponse, Settle, money

PATIENCE_SECONDS = 90.0
FINAL = ("CONFIRMED", "CANCELLED", "NEEDS_ATTENTION")
Seen = TypeVar("Seen")


class NeverHappened(AssertionError):
    """An awaited state did not come in time; the message says which state was there instead."""


def wait_for(
    look: Callable[[], Seen], good: Callable[[Seen], object], patience: float = PATIENCE_SECONDS
) -> Seen:
    """Calls `look` until `good` accepts its answer, and returns that answer. Raises NeverHappened."""
    deadline = time.monotonic() + patience
    while not good(seen := look()):
        if time.monotonic() > deadline:
            raise NeverHappened(f"still {seen!r} after {patience:.0f} s")
        time.sleep(0.1)
    return seen


@dataclass(frozen=True)
class EndState:
    """How one order of one SKU ended. Money in minor units; stock as available, taken."""

    order: str
    reason: str | None
    stock: tuple[int, int]
    payment: str | None
    charges: int
    captured: int
    refunded: int


@dataclass(frozen=True)
class DeployedShop:
    """A deployed Settle, and a client for each of its callers."""

    deployment: EmulatorDeployment

    @cached_property
    def anyone(self) -> Settle:
        return Settle(self.deployment.api)

    @cached_property
    def operator(self) -> Settle:
        return self.anyone.as_bearer(tokens.mint("operator", "operator"))

    def customer(self, name: str) -> Settle:
        return self.anyone.as_bearer(tokens.mint(name))

    @cached_property
    def acquirer(self) -> Settle:
        secrets = aws.client("secretsmanager", self.deployment.endpoint)
        name = self.deployment.outputs["SettleAcquirer"]["AcquirerSecretArn"]
        secret = secrets.get_secret_value(SecretId=name)["SecretString"]
        return Settle(self.deployment.address("SettleAcquirer", "AcquirerUrl"), secret)

    def intents(self, order_id: str) -> list[dict[str, Any]]:
        """The payments that the acquirer has on its books for an order."""
        query = quote(f"metadata['order_id']:'{order_id}'")
        path = f"/v1/payment_intents/search?query={query}&expand[]=data.latest_charge"
        return list(expect(self.acquirer.call("GET", path), 200)["data"])

    def stock(self, sku: str) -> tuple[int, int]:
        found = expect(self.operator.stock(sku), 200)
        return found["available"], found["taken"]

    def end_state(self, order_id: str, sku: str) -> EndState:
        order, payment = expect(self.operator.order(order_id), 200), self.operator.payment(order_id)
        intents = self.intents(order_id)
        return EndState(
            order=order["status"],
            reason=order["reason"],
            stock=self.stock(sku),
            payment=payment.body["status"] if payment.status == 200 else None,
            charges=sum(intent["amount_received"] > 0 for intent in intents),
            captured=sum(intent["amount_received"] for intent in intents),
            refunded=sum(
                (intent["latest_charge"] or {"amount_refunded": 0})["amount_refunded"] for intent in intents
            ),
        )

    def run_job(self, handler: str) -> None:
        """Runs the function of a schedule now, as its schedule would before long."""
        functions = aws.client("lambda", self.deployment.endpoint)
        pages = functions.get_paginator("list_functions").paginate()
        known = {each["Handler"]: each["FunctionName"] for page in pages for each in page["Functions"]}
        functions.invoke(FunctionName=known[handler], Payload=b"{}")

    def new_product(self, price: int, quantity: int, name: str = "Tea") -> str:
        """A new SKU with its price (minor units) and stock. It is on sale a moment later."""
        sku = f"tea-{uuid.uuid4().hex[:10]}"
        expect(self.operator.list_product(sku, name, price), 200, 201)
        if quantity:
            expect(self.operator.receive_stock(sku, quantity), 200, 201)
        return sku

    def quote(self, sku: str) -> dict[str, Any]:
        """The problem of a checkout that expects a total of 0. It is always refused and changes nothing."""
        lines = [{"sku": sku, "quantity": 1}]
        body = {"lines": lines, "payment_method": "none", "expected_total": money(0)}
        return dict(expect(self.customer("looker").call("POST", "/checkout", body, key="look"), 409, 422))

    def on_sale(self, sku: str, price: int) -> None:
        """Waits until the orders service sells the SKU at this price."""
        wait_for(lambda: self.quote(sku), lambda problem: problem.get("total") == money(price))

    def off_sale(self, sku: str) -> None:
        """Waits until the orders service sells the SKU no more."""
        wait_for(lambda: self.quote(sku), lambda problem: problem["error"] == "UnknownProduct")

    def method(self, customer: str, token: str) -> str:
        """A payment method of the customer's: the acquirer's test method `token`, registered."""
        return str(expect(self.customer(customer).register_method(token), 201)["payment_method"])


def expect(answer: ApiResponse, *statuses: int) -> Any:
    """The response's body. Raises NeverHappened when its status is none of these."""
    if answer.status not in statuses:
        raise NeverHappened(f"status {answer.status}: {json.dumps(answer.body)[:500]}")
    return answer.body
