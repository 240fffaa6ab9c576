"""The shop of the saga tests: it sells mugs, takes orders for two, and reads how they ended."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support import aws
from tests.support.world import MotoWorld

MUG = {"name": "Mug", "price": {"amount": 1250, "currency": "EUR"}}
TWO_MUGS = [{"sku": "mug", "quantity": 2}]
PRICE_OF_TWO = 2500


@dataclass(frozen=True)
class OrderEnd:
    """How an order ended: stock is (available, taken), processor (captured, refunded)."""

    order: tuple[str, str]
    reservation: str
    stock: tuple[int, int]
    payment: str
    processor: tuple[int, int]
    events: Mapping[str, str]


class SagaShop:
    """A world with five mugs for sale and a customer, alice, whose payment method is `method`."""

    def __init__(self, world: MotoWorld, *, stock: int = 5) -> None:
        self.world = world
        self._operator("catalog", "PUT", "/catalog/products/mug", MUG)
        self.receive("mug", stock)
        world.settle()

    def receive(self, sku: str, quantity: int) -> None:
        body = {"quantity": quantity}
        self._operator("inventory", "POST", f"/inventory/{sku}/receipts", body, key=f"{sku}-{quantity}")

    def register(self, method: str) -> str:
        """The opaque id of alice's payment method `method`, one of the acquirer's test methods."""
        status, body = self.world.http("payments", "POST", "/payments/methods", {"token": method}, key=method)
        assert status == 201
        return str(body["payment_method"])

    def order(self, method: str = "pm_approve", *, key: str = "first", lines: Any = TWO_MUGS) -> str:
        """Places an order and answers its id; nothing has happened to it yet."""
        known = self.register(method) if method.startswith("pm_") else method
        body = {"lines": lines, "payment_method": known}
        status, answer = self.world.http("orders", "POST", "/checkout", body, key=key)
        assert status == 202, answer
        return str(answer["order_id"])

    def cancel(self, order_id: str) -> int:
        status, _ = self.world.http("orders", "POST", f"/orders/{order_id}/cancel")
        return status

    def outcome(self, order_id: str) -> OrderEnd:
        """The order's end as the services' own tables and the acquirer's API tell it."""
        order = _item("orders", f"order#{order_id}")
        reservation = _item("inventory", f"reservation#{order_id}")
        stock = _item("inventory", "stock#mug")
        books = self.world.processor.books(order_id)
        return OrderEnd(
            order=(order["status"], order["reason"]),
            reservation=reservation.get("status", "NONE"),
            stock=(stock["available"], stock["received"] - stock["available"]),
            payment=_payment(order_id),
            processor=(books.captured, books.refunded),
            events=self.events(order_id),
        )

    def events(self, order_id: str) -> dict[str, str]:
        """Types of the events published about the order, per aggregate, in order of sequence."""
        found: dict[str, dict[int, str]] = {}
        for event in self.world.bus.published:
            if event.correlationid == order_id:
                found.setdefault(event.subject.partition("/")[0], {})[event.sequence] = event.type
        return {kind: " ".join(types[number] for number in sorted(types)) for kind, types in found.items()}

    def history(self, order_id: str) -> dict[str, Any]:
        """The storefront's row of the order."""
        status, row = self.world.http("storefront", "GET", f"/storefront/orders/{order_id}")
        assert status == 200, row
        return dict(row)

    def _operator(self, service: str, method: str, path: str, body: Any, **options: Any) -> None:
        status, answer = self.world.http(service, method, path, body, role="operator", **options)
        assert status < 300, answer


def _item(service: str, partition: str) -> dict[str, Any]:
    found = _items(service, partition)
    return found[0] if found else {}


def _items(service: str, partition: str) -> list[dict[str, Any]]:
    return [item for item in aws.items(service) if item["pk"] == partition]


def _payment(order_id: str) -> str:
    """The status in the state that the newest commit of the payment's stream stores."""
    commits = _items("payments", f"payment#{order_id}")
    newest = max(commits, key=lambda commit: int(commit["version"]), default={"state": "{}"})
    return str(json.loads(newest["state"]).get("status", "NONE"))
