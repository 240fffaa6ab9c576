"""The walkthroughs of the demo end as they say, and the storefront shows how orders ended."""

import pytest

from localstack.shop.client import fresh_key
from localstack.shop.deployed import DeployedShop, EndState, expect, wait_for
from localstack.shop.seed import Seed, seed
from localstack.shop.walkthrough import Plan, Walkthrough
from localstack.shop.walkthroughs import WALKTHROUGHS, play


@pytest.fixture(scope="module")
def seeded(shop: DeployedShop) -> Seed:
    return seed(shop, print)


@pytest.mark.parametrize(("title", "plan"), WALKTHROUGHS, ids=[title for title, _ in WALKTHROUGHS])
def test_a_walkthrough_ends_as_the_demo_says(
    shop: DeployedShop, seeded: Seed, title: str, plan: Plan
) -> None:
    assert play(Walkthrough(shop, seeded, title, print), plan).unmet == ()


def test_a_confirmed_checkout_reaches_the_read_model_of_its_customer(shop: DeployedShop) -> None:
    sku = shop.new_product(price=700, quantity=3)
    shop.on_sale(sku, 700)
    carol = shop.customer("carol")
    accepted = expect(carol.checkout(sku, 3, shop.method("carol", "pm_approve")), 202)
    order_id = accepted["order_id"]
    assert accepted["total"] == {"amount": 2100, "currency": "EUR"}
    wait_for(lambda: carol.order(order_id).body["status"], lambda status: status == "CONFIRMED")
    sequence = carol.order(order_id).body["sequence"]
    shown = wait_for(lambda: carol.history(order_id, sequence), lambda answer: answer.status == 200)
    assert shown.body["status"] == "CONFIRMED"
    listed = wait_for(
        lambda: carol.call("GET", "/storefront/me/orders").body["orders"],
        lambda orders: [(each["order_id"], each["status"]) for each in orders] == [(order_id, "CONFIRMED")],
    )
    assert listed[0]["total"] == accepted["total"]


def test_a_history_that_is_behind_says_so_and_when_to_ask_again(shop: DeployedShop) -> None:
    sku = shop.new_product(price=700, quantity=3)
    shop.on_sale(sku, 700)
    carol = shop.customer("carla")
    order_id = expect(carol.checkout(sku, 1, shop.method("carla", "pm_approve")), 202)["order_id"]
    wait_for(lambda: carol.history(order_id).status, lambda status: status == 200)
    early = carol.history(order_id, min_sequence=99)
    assert (early.status, int(early.headers["retry-after"]) > 0) == (202, True)


def test_a_checkout_sent_again_after_its_product_is_retired_gets_the_same_answer(shop: DeployedShop) -> None:
    sku, key = shop.new_product(price=900, quantity=5), fresh_key()
    shop.on_sale(sku, 900)
    dora, method = shop.customer("dora"), shop.method("dora", "pm_approve")
    first = dora.checkout(sku, 2, method, key=key)
    expect(shop.operator.call("DELETE", f"/catalog/products/{sku}"), 200)
    shop.off_sale(sku)
    again = dora.checkout(sku, 2, method, key=key)
    assert (again.status, again.body) == (202, first.body)
    expected = EndState("CONFIRMED", None, (3, 2), "SOLD", charges=1, captured=1800, refunded=0)
    wait_for(lambda: shop.end_state(first.body["order_id"], sku), lambda found: found == expected)


def test_a_processor_that_fails_after_taking_the_money_is_charged_once(shop: DeployedShop) -> None:
    sku = shop.new_product(price=500, quantity=1)
    shop.on_sale(sku, 500)
    erin = shop.customer("erin")
    order_id = expect(erin.checkout(sku, 1, shop.method("erin", "pm_error_after")), 202)["order_id"]
    expected = EndState("CONFIRMED", None, (0, 1), "SOLD", charges=1, captured=500, refunded=0)
    assert wait_for(lambda: shop.end_state(order_id, sku), lambda found: found == expected) == expected


def test_another_customers_payment_method_pays_nothing(shop: DeployedShop) -> None:
    sku = shop.new_product(price=500, quantity=1)
    shop.on_sale(sku, 500)
    order_id = expect(shop.customer("mallory").checkout(sku, 1, shop.method("alice", "pm_approve")), 202)[
        "order_id"
    ]
    expected = EndState(
        "CANCELLED", "UnknownPaymentMethod", (1, 0), "VOIDED", charges=0, captured=0, refunded=0
    )
    assert wait_for(lambda: shop.end_state(order_id, sku), lambda found: found == expected) == expected
