"""An operator recovers lost events over HTTP, with the rights that the deployed function has."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localstack.machine import aws
from localstack.shop.client import fresh_key
from localstack.shop.deployed import DeployedShop, expect, wait_for

PROJECTOR = "storefront.projector.handler"


@dataclass(frozen=True)
class Journal:
    """The storefront's own copy of an order's events, which a test can delete."""

    shop: DeployedShop
    order_id: str

    @property
    def table(self) -> str:
        return self.shop.deployment.outputs["SettleStorefront"]["TableName"]

    def lose(self) -> list[str]:
        """Deletes the order's events and its row; answers the events, as text."""
        dynamodb = aws.client("dynamodb", self.shop.deployment.endpoint)
        lost = []
        for kind in ("journal", "order_history"):
            pk = {":pk": {"S": f"{kind}#{self.order_id}"}}
            rows = dynamodb.query(
                TableName=self.table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=pk
            )
            for row in rows["Items"]:
                dynamodb.delete_item(TableName=self.table, Key={"pk": row["pk"], "sk": row["sk"]})
                lost += [row["event"]["S"]] if kind == "journal" else []
        assert self.shop.operator.history(self.order_id).status == 404
        return lost


@pytest.fixture(scope="module")
def journal(shop: DeployedShop) -> Journal:
    """The journal of a confirmed order, after all of its events have arrived."""
    sku = shop.new_product(price=700, quantity=1)
    shop.on_sale(sku, 700)
    order_id = expect(shop.customer("dora").checkout(sku, 1, shop.method("dora", "pm_approve")), 202)[
        "order_id"
    ]
    wait_for(lambda: shop.stock(sku), lambda stock: stock == (0, 1))
    wait_for(lambda: whole(shop, order_id), bool)
    return Journal(shop, order_id)


def whole(shop: DeployedShop, order_id: str) -> bool:
    row = shop.operator.history(order_id).body
    return (row.get("status"), row.get("stock"), row.get("payment")) == ("CONFIRMED", "COMMITTED", "CAPTURED")


def waiting(shop: DeployedShop, queue: str) -> int:
    queues = expect(shop.operator.call("GET", "/ops/dead-letters"), 200)["queues"]
    (found,) = [each for each in queues if each["queue"] == queue]
    return int(found["waiting"])


def ask(shop: DeployedShop, path: str, **body: str) -> Any:
    said = {"because": "it was lost", **body}
    answer = shop.operator.call("POST", f"/ops/{path}", said, key=fresh_key())
    assert answer.status in (200, 202), answer.body
    return answer.body


def put(shop: DeployedShop, name: str, *bodies: str) -> None:
    """Sends messages to the only queue whose URL has that name."""
    sqs = aws.client("sqs", shop.deployment.endpoint)
    (url,) = [url for url in sqs.list_queues()["QueueUrls"] if name in url]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def test_letters_that_were_redriven_have_their_effect(shop: DeployedShop, journal: Journal) -> None:
    events = journal.lose()
    assert len(events) > 3
    put(
        shop,
        "StorefrontProjectorDeadLetters",
        *(json.dumps({"detail": json.loads(event)}) for event in events),
    )
    assert waiting(shop, PROJECTOR) == len(events)
    assert ask(shop, f"dead-letters/{PROJECTOR}/redrive") == {"moved": len(events), "left": 0}
    wait_for(lambda: whole(shop, journal.order_id), bool)
    assert waiting(shop, PROJECTOR) == 0


def test_a_look_tells_what_a_letter_is_about_but_not_its_data(shop: DeployedShop, journal: Journal) -> None:
    detail = {"type": "OrderPlaced", "correlationid": journal.order_id, "data": {"customer_id": "dora"}}
    put(shop, "CheckoutSchedulesDeadLetters", json.dumps({"detail": detail}))
    seen = expect(shop.operator.call("GET", "/ops/dead-letters/checkout.schedules"), 200)
    (letter,) = seen["letters"]
    assert letter["event"] == {"type": "OrderPlaced", "correlationid": journal.order_id}
    assert "dora" not in json.dumps(seen)


def test_events_that_were_published_again_have_their_effect(shop: DeployedShop, journal: Journal) -> None:
    placed = datetime.fromisoformat(shop.operator.history(journal.order_id).body["placed_at"])
    journal.lose()
    now = datetime.now(UTC)
    for service in ("orders", "inventory", "payments"):
        said = ask(shop, f"outbox/{service}/republish", first=placed.isoformat(), last=now.isoformat())
        assert said == {"service": service, "pieces": 1 + (now - placed) // timedelta(minutes=15)}
    wait_for(lambda: whole(shop, journal.order_id), bool)


def test_the_actions_of_operators_are_on_record(shop: DeployedShop, journal: Journal) -> None:
    before = datetime.now(UTC).date()
    ask(shop, "dead-letters/orders.outbox/redrive")
    days = sorted({before.isoformat(), datetime.now(UTC).date().isoformat()})
    actions = [
        action
        for day in days
        for action in expect(shop.operator.call("GET", f"/ops/audit?day={day}"), 200)["actions"]
    ]
    last = actions[-1]
    assert re.fullmatch("[a-p]{36}", last["who"])  # the operator's id conceals the token's subject
    assert (last["what"], last["on"]) == ("redrive", "orders.outbox")
    assert (last["why"], last["outcome"]) == ("it was lost", {"moved": 0, "left": 0})
