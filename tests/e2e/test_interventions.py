"""Operators list, resume and resolve orders over HTTP, and a refused request changes nothing."""

from collections.abc import Callable
from typing import Any

from localstack.machine import aws
from localstack.shop.client import ApiResponse
from localstack.shop.deployed import DeployedShop, expect, wait_for

CARD = "4242 4242 4242 4242"
BECAUSE = {"because": "the cause is gone"}
NOBODY = "/ops/checkouts/no-such-order"
SINCE = "2026-01-01T00:00:00+00:00"


def refused(answer: ApiResponse, status: int, error: str) -> None:
    assert (answer.status, answer.body.get("error")) == (status, error), answer.body
    assert answer.body["message"]


def parked(shop: DeployedShop) -> str:
    """A cancelled order, changed by hand into an order that is undone and parked because it could not end."""
    sku = shop.new_product(price=500, quantity=1)
    shop.on_sale(sku, 500)
    frida = shop.customer("frida")
    order_id = str(expect(frida.checkout(sku, 2, shop.method("frida", "pm_approve")), 202)["order_id"])
    wait_for(lambda: frida.order(order_id).body["status"], lambda status: status == "CANCELLED")
    sets = {"status": "NEEDS_ATTENTION", "open_shard": "parked#3", "due_at": SINCE}
    aws.client("dynamodb", shop.deployment.endpoint).update_item(
        TableName=shop.deployment.outputs["SettleOrders"]["TableName"],
        Key={"pk": {"S": f"order#{order_id}"}, "sk": {"S": "order"}},
        UpdateExpression=f"SET {', '.join(f'#{name} = :{name}' for name in sets)}",
        ExpressionAttributeNames={f"#{name}": name for name in sets},
        ExpressionAttributeValues={f":{name}": {"S": value} for name, value in sets.items()},
    )
    return order_id


def listed(shop: DeployedShop) -> dict[str, Any]:
    page = expect(shop.operator.call("GET", "/ops/checkouts?state=NEEDS_ATTENTION"), 200)
    assert page["next"] is None
    return {order["order_id"]: order for order in page["checkouts"]}


def test_an_order_whose_books_are_clean_is_found_and_resolved(shop: DeployedShop) -> None:
    order_id = parked(shop)
    found = wait_for(lambda: listed(shop), lambda orders: order_id in orders)[order_id]
    assert (found["reason"], found["since"], found["fenced"]) == ("OutOfStock", SINCE, True)
    path = f"/ops/checkouts/{order_id}/resolve"
    wrong = shop.operator.call("POST", path, BECAUSE | {"to": "CONFIRMED"}, key=f"{order_id}-1")
    refused(wrong, 409, "AlreadyFenced")
    for _ in range(2):
        answer = shop.operator.call("POST", path, BECAUSE | {"to": "CANCELLED"}, key=f"{order_id}-2")
        assert (answer.status, answer.body) == (200, {"order_id": order_id, "status": "CANCELLED"})
    wait_for(lambda: listed(shop), lambda orders: order_id not in orders)


def test_an_order_that_is_resumed_is_repaired_to_its_end(shop: DeployedShop) -> None:
    order_id = parked(shop)
    path = f"/ops/checkouts/{order_id}/resume"
    first = expect(shop.operator.call("POST", path, BECAUSE, key=order_id), 202)
    wait_for(lambda: shop.operator.order(order_id).body["status"], lambda status: status == "CANCELLED")
    assert expect(shop.operator.call("POST", path, BECAUSE, key=order_id), 202) == first
    again = shop.operator.call("POST", path, {"because": "another reason"}, key=order_id)
    refused(again, 422, "KeyReused")


BAD: dict[str, tuple[str, str, Any]] = {
    "no state": ("GET", "/ops/checkouts", None),
    "a state that has ended": ("GET", "/ops/checkouts?state=CONFIRMED", None),
    "a cursor of its own making": ("GET", "/ops/checkouts?state=PENDING&next=e30", None),
    "no reason": ("POST", f"{NOBODY}/resume", {}),
    "a long reason": ("POST", f"{NOBODY}/resume", {"because": "x" * 201}),
    "a card number": ("POST", f"{NOBODY}/resume", {"because": CARD}),
    "no target": ("POST", f"{NOBODY}/resolve", BECAUSE),
    "another target": ("POST", f"{NOBODY}/resolve", BECAUSE | {"to": "PENDING"}),
    "more than asked for": ("POST", f"{NOBODY}/resume", BECAUSE | {"to": "CANCELLED"}),
}


def test_bad_input_is_refused_and_changes_nothing(shop: DeployedShop, everything: Callable[[], Any]) -> None:
    before = everything()
    for label, (method, path, body) in BAD.items():
        answer = shop.operator.call(method, path, body, key="bad-input")
        assert (answer.status, answer.body["error"]) == (400, "InvalidRequest"), label
    resume, resolve = f"{NOBODY}/resume", f"{NOBODY}/resolve"
    for path, body in ((resume, BECAUSE), (resolve, BECAUSE | {"to": "CANCELLED"})):
        refused(shop.operator.call("POST", path, body), 400, "InvalidRequest")
        refused(shop.operator.call("POST", path, body, key="bad-input"), 404, "NotFound")
        refused(shop.customer("alice").call("POST", path, body, key="bad-input"), 403, "Forbidden")
        refused(shop.anyone.call("POST", path, body, key="bad-input"), 401, "Unauthenticated")
    refused(shop.customer("alice").call("GET", "/ops/checkouts?state=PENDING"), 403, "Forbidden")
    assert everything() == before


def test_an_order_that_is_not_parked_is_neither_resumed_nor_resolved(shop: DeployedShop) -> None:
    order_id = parked(shop)
    ask = shop.operator.call
    body = BECAUSE | {"to": "CANCELLED"}
    assert ask("POST", f"/ops/checkouts/{order_id}/resolve", body, key=f"{order_id}-1").status == 200
    refused(ask("POST", f"/ops/checkouts/{order_id}/resolve", body, key=f"{order_id}-2"), 409, "NotParked")
    refused(ask("POST", f"/ops/checkouts/{order_id}/resume", BECAUSE, key=f"{order_id}-3"), 409, "NotParked")
