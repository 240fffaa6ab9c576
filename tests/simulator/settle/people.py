"""Customers and operators: they ask again until they have an answer, always with the same key."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.simulator.settle.processor import WEBHOOKS
from tests.simulator.settle.world import SimulatedWorld
from tests.support import webhooks

Asked = tuple[str, str, str]  # who, with which key, for which path

MOST_TRIES = 12
PATIENCE = 20.0
LOOKED_AT = 6.0  # a letter that was looked at is hidden for five seconds


@dataclass
class SimulatedShop:
    """What people do in a world, every answer they were given to a key, and what was `seen` to be wrong."""

    world: SimulatedWorld
    answers: dict[Asked, list[Any]] = field(default_factory=dict)
    requests: dict[Asked, Callable[[], object]] = field(default_factory=dict)
    bodies: dict[Asked, set[str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    methods: dict[str, str] = field(default_factory=dict)
    private: tuple[str, ...] = ()
    rounds: int = 0

    # Before anything is armed

    def stocked(self, stock: dict[str, int], *, price: int = 1250) -> "SimulatedShop":
        """Lists the products, receives the stock, registers alice's payment methods."""
        for sku, quantity in stock.items():
            product = {"name": sku, "price": {"amount": price, "currency": "EUR"}}
            self._now("catalog", "PUT", f"/catalog/products/{sku}", product, role="operator")
            received = {"quantity": quantity}
            path = f"/inventory/{sku}/receipts"
            self._now("inventory", "POST", path, received, role="operator", key=f"receipt-{sku}")
        self.world.run()
        return self

    def method(self, token: str) -> str:
        """The opaque id of alice's payment method."""
        if token not in self.methods:
            body = {"wallet": True} if token == "wallet" else {"token": token}
            answer = self._now("payments", "POST", "/payments/methods", body, key=token)
            self.methods[token] = answer["payment_method"]
        return self.methods[token]

    def deposit(self, amount: int) -> None:
        """An operator gives alice store credit."""
        body = {"amount": amount, "currency": "EUR", "because": "the parcel was late"}
        self._now("payments", "POST", "/wallets/alice/deposits", body, role="operator", key="credit")

    def register(self) -> None:
        """Alice describes herself."""
        person = {"name": "Ada Lovelace", "email": "ada@shop.example"}
        self._now("customers", "PUT", "/customers/me", person)
        self.private = tuple(person.values())

    def listen(self) -> None:
        """An operator has the processor send its events; the books are reconciled for the first time."""
        self._told(lambda: self.world.answered(WEBHOOKS, webhooks.registration()))
        self.world.invoke("payments.reconciliation.reconcile")
        self.world.run()

    def _now(self, service: str, method: str, path: str, body: Any, **options: Any) -> Any:
        return self._told(lambda: self.world.ask(service, method, path, body, **options))

    def _told(self, request: Callable[[], tuple[int, Any]]) -> Any:
        ended = self.world.process(request)
        self.world.run()
        status, answer = ended[0].value
        assert status < 300, answer
        return answer

    # While anything may fail

    def insist(
        self, service: str, method: str, path: str, body: Any = None, **options: Any
    ) -> tuple[int, Any]:
        """Asks until the answer is one to rely on. Within a process."""
        status, answer = 504, None
        for _ in range(MOST_TRIES):
            status, answer = self.world.ask(service, method, path, body, **options)
            if status < 500:
                break
            self.world.engine.sleep(PATIENCE)
        if status < 300 and "key" in options:
            known = (options.get("customer", "alice"), options["key"], path)
            self.answers.setdefault(known, []).append(answer)
            self.bodies.setdefault(known, set()).add(json.dumps(body))
            self.requests[known] = partial(self.insist, service, method, path, body, **options)
        return status, answer

    def checkout(self, lines: dict[str, int], method: str = "pm_approve", *, key: str = "first") -> None:
        """A customer's checkout, begun now; twice the same request would be the same order."""
        wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
        body = {"lines": wanted, "payment_method": self.method(method)}
        self.world.process(lambda: self.insist("orders", "POST", "/checkout", body, key=key))

    def cancel(self, order_id: str) -> None:
        self.world.process(lambda: self.insist("orders", "POST", f"/orders/{order_id}/cancel"))

    def leave(self) -> None:
        """Alice asks to be forgotten."""
        self.world.process(lambda: self.insist("customers", "POST", "/customers/me/erase", key="leave"))

    def ask_again(self) -> None:
        """Whoever was given an answer asks once more, however late: it must be the same one."""
        for request in list(self.requests.values()):
            self.world.process(request)
        self.world.run()

    def fickle(self) -> list[str]:
        """Keys that were given two different answers, or under which two different requests were accepted."""
        different = {key for key, given in self.answers.items() if any(one != given[0] for one in given)}
        accepted = {key for key, bodies in self.bodies.items() if len(bodies) > 1}
        return sorted(map(str, different | accepted))

    def reprice(self, sku: str, amount: int) -> None:
        """The price changes, or at 0 the product is not sold any more."""
        path = f"/catalog/products/{sku}"
        price = {"price": {"amount": amount, "currency": "EUR"}}
        how = ("PUT", f"{path}/price", price) if amount else ("DELETE", path, None)
        self.world.process(lambda: self._operator("catalog", *how), name="merchant")

    # Operators

    def operate(self, *, resolve: str = "") -> None:
        """An operator sees to what was parked (resumed, or resolved to `resolve`) and what was given up on.

        Each round has keys of its own; within a round everything may be asked again.
        """
        self.rounds += 1
        name = f"round-{self.rounds}"
        self.world.process(lambda: self._repair(name, resolve), name="operator")
        self.world.process(lambda: self._redrive(name), name="operator")
        self.world.process(lambda: self._retry(name), name="operator")

    def _repair(self, round: str, resolve: str) -> None:
        because = {"because": "the cause is gone"}
        query = {"state": "NEEDS_ATTENTION"}
        _, page = self._operator("orders", "GET", "/ops/checkouts", query=query)
        parked = (page or {}).get("checkouts", [])
        if parked and not resolve:
            self._operator("checkout", "POST", "/ops/checkouts/resume", because, key=round)
            return
        for order in parked:
            path = f"/ops/checkouts/{order['order_id']}"
            key = f"{round}-{order['order_id']}"
            body = {"to": resolve, "because": "seen to by hand"}
            status, _ = self._operator("checkout", "POST", f"{path}/resolve", body, key=f"{key}-resolve")
            if status >= 300:
                self._operator("checkout", "POST", f"{path}/resume", because, key=key)

    def _redrive(self, round: str) -> None:
        _, page = self._operator("operations", "GET", "/ops/dead-letters")
        for queue in (page or {}).get("queues", []):
            if queue["waiting"] and queue["redrives_to"]:
                path = f"/ops/dead-letters/{queue['queue']}"
                self._operator("operations", "GET", path)
                self.world.engine.sleep(LOOKED_AT)
                key = f"{round}-{queue['queue']}"
                self._operator("operations", "POST", f"{path}/redrive", {"because": "again"}, key=key)

    def _retry(self, round: str) -> None:
        """A refund that failed is asked for anew, and at the second visit it becomes store credit."""
        act, body = ("retry", {}) if self.rounds == 1 else ("settle", {"by": "wallet"})
        because = {**body, "because": "the card works again"}
        status, page = self._operator("payments", "GET", "/payments/refunds/failed")
        for refund in page["refunds"] if status == 200 else ():
            path = f"/payments/{refund['order_id']}/refunds/{refund['id']}/{act}"
            self._operator("payments", "POST", path, because, key=f"{round}-{refund['id'][:8]}")

    def refund(self, order_id: str, amount: int, *, key: str) -> None:
        """An operator gives a part of the sale back."""
        body = {"amount": amount, "currency": "EUR", "because": "a cup was broken"}
        path = f"/payments/{order_id}/refunds"
        self.world.process(lambda: self._operator("payments", "POST", path, body, key=key), name="operator")

    def spread(self, sku: str, count: int) -> None:
        """An operator lets the stock of a SKU lie in so many buckets."""
        path = f"/inventory/{sku}/buckets"
        self.world.process(
            lambda: self._operator("inventory", "POST", path, {"count": count}), name="operator"
        )

    def adjust(self, sku: str, quantity: int, *, key: str) -> None:
        """An operator corrects what was received of a SKU."""
        path, body = f"/inventory/{sku}/adjustments", {"quantity": quantity, "because": "it was mistyped"}
        self.world.process(lambda: self._operator("inventory", "POST", path, body, key=key), name="operator")

    def republish(self, service: str, first: str, last: str) -> None:
        body = {"first": first, "last": last, "because": "an event is missing"}
        path = f"/ops/outbox/{service}/republish"
        self.world.process(
            lambda: self._operator("operations", "POST", path, body, key=f"republish-{service}-{first}")
        )

    def _operator(
        self, service: str, method: str, path: str, body: Any = None, **options: Any
    ) -> tuple[int, Any]:
        return self.insist(service, method, path, body, customer="olga", role="operator", **options)
