"""Runs every function of every service once, on every path that makes other calls of AWS."""

from datetime import timedelta
from typing import Any

import pytest

from kernel import identity
from operations import store as operations_store
from tests.infrastructure.sandbox import ask_the_sandbox
from tests.support import aws, webhooks
from tests.support.books_once import look_at_the_books
from tests.support.faults import ALWAYS, Mishap
from tests.support.letters import LetterQueues
from tests.support.payments import intent_of
from tests.support.processor import request_lost
from tests.support.shop import SagaShop
from tests.support.wiring import PUBLISHERS
from tests.support.world import MotoWorld


def everything_once(world: MotoWorld) -> None:
    """Runs every function of every service, on every path that makes other calls of AWS."""
    shop = SagaShop(world)
    order_id = shop.order(key="confirmed")
    world.settle()
    look_at_the_books(world, order_id)
    for publisher in {*PUBLISHERS} - {"customers"}:
        _republish(world, publisher)
    _stock(world)
    _orders(world, shop)
    _cut_off(world, shop)
    _people(world)
    _wallets(world)
    _refunds(world, order_id)
    _hints(world, shop)
    _screens(world, shop)
    _operations(world)


def _wallets(world: MotoWorld) -> None:
    """An operator gives a customer store credit, twice under one key, and pays it out."""
    change = {"amount": 500, "currency": "EUR", "because": "the parcel was late"}
    for name in ("deposits", "deposits", "payouts"):
        path = f"/wallets/alice/{name}"
        assert world.http("payments", "POST", path, change, role="operator", key=name)[0] == 201


def _refunds(world: MotoWorld, order_id: str) -> None:
    """A part of the sale goes back, and its row is looked at once more."""
    body = {"amount": 5, "currency": "EUR", "because": "a scratch"}
    path = f"/payments/{order_id}/refunds"
    for _ in range(2):
        status, refund = world.http("payments", "POST", path, body, role="operator", key="refund")
        assert status == 201
        world.call("payments.refunding.see_to_refunds", {})
    retry = f"{path}/{refund['id']}/retry"
    because = {"because": "again"}
    assert world.http("payments", "POST", retry, because, role="operator", key="retry")[0] == 409
    settle, by = f"{path}/{refund['id']}/settle", {"by": "bank", "because": "again"}
    assert world.http("payments", "POST", settle, by, role="operator", key="settle")[0] == 409
    assert world.http("payments", "GET", path, role="operator")[1]["refunds"][0]["progress"] == "SUCCEEDED"
    assert world.http("payments", "GET", "/payments/refunds/failed", role="operator")[0] == 200


def _hints(world: MotoWorld, shop: SagaShop) -> None:
    """A webhook about a dispute comes twice, the books are reconciled, and a difference is resolved."""
    shop.receive("mug", 3)
    disputed = shop.order("pm_dispute_at_once", key="disputed")
    world.settle()
    handler, path = "payments.webhooks_api.handler", "/payments/differences"
    assert world.call(handler, webhooks.registration())["statusCode"] == 200
    with world.service("payments"):
        hint = webhooks.event("charge.dispute.created", intent_of(disputed))
        webhooks.foreign()
    for _ in range(2):
        with world.service("payments"):
            signed = webhooks.signed(hint)
        assert world.call(handler, signed)["statusCode"] == 200
    for _ in range(2):
        world.pass_time(2 * 60 * 60)
        world.call("payments.reconciliation.reconcile", {})
    (found,) = world.http("payments", "GET", path, role="operator")[1]["differences"]
    resolved, because = f"{path}/{found['id']}/resolve", {"because": "agreed by phone"}
    assert world.http("payments", "POST", resolved, because, role="operator", key="resolve")[0] == 200


def _people(world: MotoWorld) -> None:
    """Bob registers, orders, and is forgotten once his order has ended."""
    world.faults.clear()
    bob = {"customer": "bob"}
    person = {"name": "Bob", "email": "bob@shop.example"}
    for _ in range(2):
        assert world.http("customers", "PUT", "/customers/me", person, **bob)[0] < 300
        person["name"] = "Bob B"
    assert world.http("customers", "GET", "/customers/me", **bob)[0] == 200
    token = {"token": "pm_approve__bob"}
    method = world.http("payments", "POST", "/payments/methods", token, key="m", **bob)[1]["payment_method"]
    body = {"lines": [{"sku": "mug", "quantity": 1}], "payment_method": method}
    assert world.http("orders", "POST", "/checkout", body, key="o", **bob)[0] == 202
    assert world.http("customers", "POST", "/customers/me/erase", key="erase", **bob)[0] == 202
    for _ in range(2):
        world.pass_time(15 * 60)
        world.call("customers.erasure.erase_due", {})
    world.settle()
    world.sweep()
    world.pass_time(15 * 60)
    world.call("customers.erasure.erase_due", {})
    world.settle()
    assert world.http("customers", "GET", "/customers/me", **bob)[1]["status"] == "ERASED"
    _republish(world, "customers")


def _stock(world: MotoWorld) -> None:
    """What an operator does to stock: the last correction is of more than there is."""
    asked: list[tuple[str, Any, int]] = [
        ("buckets", {"count": 2}, 200),
        ("adjustments", {"quantity": -1, "because": "miscounted"}, 201),
        ("adjustments", {"quantity": -9, "because": "miscounted"}, 409),
    ]
    for place, (name, body, wanted) in enumerate(asked):
        path = f"/inventory/mug/{name}"
        status, _ = world.http("inventory", "POST", path, body, role="operator", key=f"stock-{place}")
        assert status == wanted, name


def _operations(world: MotoWorld) -> None:
    aws.create_table("operations")
    queue, now = "inventory.consumers.handler", identity.now().isoformat()
    asked: list[tuple[str, str, Any]] = [
        ("GET", "/ops/dead-letters", None),
        ("GET", f"/ops/dead-letters/{queue}", None),
        ("POST", f"/ops/dead-letters/{queue}/redrive", {"because": "repaired"}),
        ("POST", "/ops/outbox/orders/republish", {"first": now, "last": now, "because": "lost"}),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations_store, "LOOKED_AT_SECONDS", 0)
        LetterQueues(patch).put(queue, "a letter")
        for method, path, body in asked:
            status, _ = world.http("operations", method, path, body, role="operator", key=path)
            assert status < 300, path
    day = {"day": now[:10]}
    assert world.http("operations", "GET", "/ops/audit", role="operator", query=day)[1]["actions"]


def _orders(world: MotoWorld, shop: SagaShop) -> None:
    world.faults.plan("ReserveStock", Mishap.BEFORE, times=7)
    shop.order("pm_decline", key="declined")
    world.settle()
    world.sweep()
    world.lost |= {"OrderConfirmed"}
    shop.order(key="held")
    world.settle()
    world.reconcile(after=timedelta(hours=2))
    cancelled = shop.order(key="cancelled")
    world.faults.just_before("ConfirmOrder", lambda: shop.cancel(cancelled))
    world.faults.plan("CancelOrder", Mishap.BEFORE, times=ALWAYS)
    world.settle()
    for _ in range(9):
        world.sweep(after=timedelta(hours=2))
    _interventions(world, cancelled)


def _cut_off(world: MotoWorld, shop: SagaShop) -> None:
    """The processor is down until the circuit is open, and works again when the sweep comes."""
    world.faults.clear()
    shop.receive("mug", 2)
    order_id = shop.order(key="cut-off")
    world.processor.disturb("create", *[request_lost] * 3)
    world.settle()
    world.sweep()
    assert shop.history(order_id)["status"] == "CONFIRMED"


def _interventions(world: MotoWorld, order_id: str) -> None:
    operator = {"role": "operator", "customer": "olga"}
    listed = world.http("orders", "GET", "/ops/checkouts", query={"state": "NEEDS_ATTENTION"}, **operator)
    assert [order["order_id"] for order in listed[1]["checkouts"]] == [order_id]
    why = {"because": "the cause is gone"}
    assert world.http("checkout", "POST", "/ops/checkouts/resume", why, key="all", **operator)[0] == 202
    world.settle()
    assert world.intervene(order_id, "resolve", to="CANCELLED")[0] == 200


def _screens(world: MotoWorld, shop: SagaShop) -> None:
    order_id = shop.order(key="confirmed")
    assert shop.history(order_id)
    for service, path, role in (
        ("orders", f"/orders/{order_id}", "customer"),
        ("payments", f"/payments/{order_id}", "customer"),
        ("inventory", "/inventory/mug", "operator"),
        ("catalog", "/catalog/products/mug", "customer"),
        ("storefront", "/storefront/me/orders", "customer"),
    ):
        status, _ = world.http(service, "GET", path, role=role)
        assert status == 200, path
    ask_the_sandbox(world, order_id)
    world.http("catalog", "DELETE", "/catalog/products/mug", role="operator")
    world.settle()


def _republish(world: MotoWorld, service: str) -> None:
    now = identity.now().isoformat()
    lost = {"approximateArrivalOfFirstRecord": now, "approximateArrivalOfLastRecord": now}
    world.call("kernel.triggers.relay.republish", aws.queued({"DDBStreamBatchInfo": lost}), service=service)
