"""Events that come twice, late, or in another order; requests that come twice; lines that lack stock."""

import random
from datetime import timedelta

import pytest

from tests.saga.cases import REFUNDED
from tests.support import aws, invariants
from tests.support.processor import request_lost
from tests.support.shop import PRICE_OF_TWO, TWO_MUGS, SagaShop
from tests.support.world import MotoWorld


def storefront_rows(world: MotoWorld) -> list[dict[str, object]]:
    return [item for item in aws.items("storefront") if item["pk"].startswith("order_history#")]


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_delivery_with_duplicates_gives_the_same_state_everywhere(
    world: MotoWorld, shop: SagaShop, seed: int
) -> None:
    confirmed, declined = shop.order(key="one"), shop.order("pm_decline", key="two")
    world.settle()
    before = (storefront_rows(world), shop.outcome(confirmed), shop.outcome(declined))
    again = [event for event in world.bus.published for _ in range(2)]
    random.Random(seed).shuffle(again)
    for event in again:
        world.deliver(event)
    world.settle()
    assert (storefront_rows(world), shop.outcome(confirmed), shop.outcome(declined)) == before
    invariants.check(world)


def test_a_replay_after_execution_names_were_freed_changes_nothing(world: MotoWorld, shop: SagaShop) -> None:
    confirmed, declined = shop.order(key="one"), shop.order("pm_decline", key="two")
    world.settle()
    before = (shop.outcome(confirmed), shop.outcome(declined))
    world.forget_executions()
    world.pass_time(timedelta(days=400).total_seconds())
    for event in list(world.bus.published):
        world.deliver(event)
    world.settle()
    assert (shop.outcome(confirmed), shop.outcome(declined)) == before
    invariants.check(world)


def test_the_same_request_twice_is_one_order_and_one_charge(world: MotoWorld, shop: SagaShop) -> None:
    first = shop.order(key="same")
    world.settle()
    assert shop.order(key="same") == first
    world.settle()
    assert world.calls == ["ReserveStock", "ChargePayment", "ConfirmOrder"]
    assert shop.outcome(first).processor == (PRICE_OF_TWO, 0)


@pytest.mark.parametrize("request_of", ["create", "confirm", "refund"])
def test_a_repeated_request_to_the_processor_carries_the_same_key(
    world: MotoWorld, shop: SagaShop, request_of: str
) -> None:
    world.processor.disturb(request_of, request_lost)
    order_id = shop.order()
    world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    world.settle()
    assert world.processor.calls.count(request_of) == 2
    [key] = world.processor.keys[request_of]
    assert key
    assert shop.outcome(order_id) == REFUNDED
    invariants.check(world)


def test_an_accepted_request_gets_the_same_answer_after_everything_has_changed(
    world: MotoWorld, shop: SagaShop
) -> None:
    body = {"lines": TWO_MUGS, "payment_method": shop.register("pm_approve")}
    answers = [world.http("orders", "POST", "/checkout", body, key="same")]
    world.settle()
    world.http("catalog", "DELETE", "/catalog/products/mug", role="operator")
    world.settle()
    answers.append(world.http("orders", "POST", "/checkout", body, key="same"))
    assert answers[0] == answers[1]
    assert answers[0][0] == 202
    refused, _ = world.http("orders", "POST", "/checkout", body, key="other")
    assert refused == 422


def test_an_order_of_several_lines_is_held_whole_or_not_at_all(world: MotoWorld, shop: SagaShop) -> None:
    world.http("catalog", "PUT", "/catalog/products/lid", LID, role="operator")
    world.settle()
    order_id = shop.order(lines=[*TWO_MUGS, {"sku": "lid", "quantity": 1}])
    world.settle()
    outcome = shop.outcome(order_id)
    assert outcome.order == ("CANCELLED", "OutOfStock")
    assert outcome.stock == (5, 0)
    assert outcome.events["reservation"] == "StockReleased"
    invariants.check(world)


def test_the_storefront_shows_how_the_order_ended(world: MotoWorld, shop: SagaShop) -> None:
    order_id = shop.order()
    world.settle()
    row = shop.history(order_id)
    assert {name: row[name] for name in ("status", "stock", "payment", "total")} == {
        "status": "CONFIRMED",
        "stock": "COMMITTED",
        "payment": "CAPTURED",
        "total": {"amount": PRICE_OF_TWO, "currency": "EUR"},
    }


def test_the_last_units_go_to_as_many_orders_as_there_are(world: MotoWorld, shop: SagaShop) -> None:
    orders = [shop.order(key=f"buyer-{number}") for number in range(4)]
    world.settle()
    outcomes = [shop.outcome(order_id).order for order_id in orders]
    assert sorted(outcomes) == [("CANCELLED", "OutOfStock")] * 2 + [("CONFIRMED", "")] * 2
    assert shop.outcome(orders[0]).stock == (1, 4)
    invariants.check(world)


LID = {"name": "Lid", "price": {"amount": 300, "currency": "EUR"}}
