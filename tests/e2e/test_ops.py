"""The operator's two commands in a deployed stack: the check of all invariants, the trace of one order."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from operator import eq
from typing import Any

import pytest

from localstack.machine import aws
from localstack.shop.client import Settle
from localstack.shop.deployed import DeployedShop, expect, wait_for
from ops.deployment import Deployment
from ops.evidence import Evidence
from ops.invariants import INVARIANTS, violations
from ops.trace import Trace
from ops.verify import gather

SINCE = timedelta(0)  # no order moves any more when it is checked


@pytest.fixture(scope="module")
def deployment(shop: DeployedShop) -> Deployment:
    endpoint = shop.deployment.endpoint
    return Deployment(endpoint, lambda service: aws.client(service, endpoint))


@pytest.fixture(scope="module")
def ended(shop: DeployedShop, everything: Any) -> Mapping[str, str]:
    """Two orders by how they ended, once the tables have stopped changing."""
    sku = shop.new_product(price=700, quantity=3)
    shop.on_sale(sku, 700)
    erin = shop.customer("erin")
    found = {}
    for method, end in (("pm_approve", "CONFIRMED"), ("pm_decline", "CANCELLED")):
        order_id = expect(erin.checkout(sku, 1, shop.method("erin", method)), 202)["order_id"]
        found[end] = order_id
    for end, order_id in found.items():
        wait_for(partial(status, erin, order_id), partial(eq, end))
    everything()
    return found


def status(customer: Settle, order_id: str) -> Any:
    return customer.order(order_id).body["status"]


def about(evidence: Evidence, order_ids: Mapping[str, str]) -> list[tuple[str, str]]:
    """The violations about these orders. Other suites spoil orders of their own on purpose."""
    return [
        (one.rule, one.about)
        for one in violations(evidence)
        if any(order_id in f"{one.about} {one.what}" for order_id in order_ids.values())
    ]


def test_a_deployed_stack_breaks_no_invariant(deployment: Deployment, ended: Mapping[str, str]) -> None:
    found = gather(deployment, SINCE)
    assert {found.orders[order_id]["status"] for order_id in ended.values()} == set(ended)
    assert not any(found.moves(order_id) for order_id in ended.values())
    assert about(found, ended) == []
    assert len(INVARIANTS) > 20


def test_an_order_that_was_spoilt_breaks_invariants(deployment: Deployment, ended: Mapping[str, str]) -> None:
    """An order that says CONFIRMED although its payment was declined."""
    table = deployment.tables()["orders"]
    dynamodb = deployment.client("dynamodb")
    key = {"pk": {"S": f"order#{ended['CANCELLED']}"}, "sk": {"S": "order"}}
    before = dynamodb.get_item(TableName=table, Key=key)["Item"]
    dynamodb.put_item(TableName=table, Item={**before, "status": {"S": "CONFIRMED"}})
    try:
        rules = {rule for rule, _ in about(gather(deployment, SINCE), ended)}
    finally:
        dynamodb.put_item(TableName=table, Item=before)
    assert rules >= {
        "confirmed-is-paid-and-held",
        "an-ended-order-holds-no-money",
        "record-is-what-its-events-say",
    }


def test_a_trace_tells_an_orders_story_from_every_source(
    deployment: Deployment, ended: Mapping[str, str]
) -> None:
    story = "\n".join(Trace(deployment, ended["CANCELLED"]).gather())
    for told in ("OrderPlaced", "OrderCancelled", "ChargePayment", "RefundPayment", "log orders"):
        assert told in story
