"""A person is forgotten in the whole system: after their orders have ended, and in every service."""

from datetime import timedelta

import pytest

from tests.support import aws
from tests.support.customers import ADA, ADDRESS, HOME, PRIVATE
from tests.support.faults import ALWAYS, Mishap
from tests.support.shop import SagaShop
from tests.support.wiring import TABLES
from tests.support.world import MotoWorld

HEARD = {"CustomerErasureStarted", "CustomerErased"}


def register(world: MotoWorld) -> None:
    assert world.http("customers", "PUT", "/customers/me", ADA)[0] == 201
    assert world.http("customers", "PUT", ADDRESS, HOME)[0] == 200


def erase(world: MotoWorld) -> None:
    assert world.http("customers", "POST", "/customers/me/erase", key="erase")[0] == 202


def pass_minutes(world: MotoWorld, minutes: int) -> str:
    """Lets time pass and the erasure go on. Answers how the customer then stands."""
    world.pass_time(60 * minutes)
    world.call("customers.erasure.erase_due", {})
    world.settle()
    return str(world.http("customers", "GET", "/customers/me")[1]["status"])


def everything(world: MotoWorld) -> str:
    tables = [aws.items(service) for service in (*TABLES, "acquirer")]
    return str([tables, aws.stored(aws.SEALING["KEYS"]), world.bus.published])


@pytest.mark.parametrize("lost", [set(), HEARD], ids=["heard", "unheard"])
def test_an_order_under_way_ends_before_its_customer_is_forgotten(
    world: MotoWorld, shop: SagaShop, lost: set[str]
) -> None:
    world.lost |= lost
    register(world)
    order_id = shop.order()
    erase(world)
    assert pass_minutes(world, 1) == "ERASING"
    assert shop.outcome(order_id).order == ("CONFIRMED", "")
    assert pass_minutes(world, 15) == "ERASED"
    assert shop.outcome(order_id).processor == (2500, 0)
    assert [word for word in PRIVATE if word in everything(world)] == []


def test_a_parked_order_is_waited_for(world: MotoWorld, shop: SagaShop) -> None:
    register(world)
    order_id = shop.order()
    world.faults.plan("RefundPayment", Mishap.BEFORE, times=ALWAYS)
    world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    world.settle()
    for _ in range(12):
        world.sweep(after=timedelta(hours=2))
    assert shop.outcome(order_id).order[0] == "NEEDS_ATTENTION"
    erase(world)
    assert [pass_minutes(world, 15) for _ in range(3)] == ["ERASING"] * 3
    world.faults.clear()
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    assert shop.outcome(order_id).order[0] == "CANCELLED"
    assert pass_minutes(world, 15) == "ERASED"
    assert shop.outcome(order_id).processor == (2500, 2500)


def test_an_erased_customer_orders_and_registers_nothing_any_more(world: MotoWorld, shop: SagaShop) -> None:
    register(world)
    known = shop.order(key="before")
    world.settle()
    erase(world)
    world.settle()
    assert pass_minutes(world, 15) == "ERASED"
    method = {"token": "pm_approve"}
    body = {"lines": [{"sku": "mug", "quantity": 1}], "payment_method": "any"}
    refused = [
        world.http("orders", "POST", "/checkout", body, key="after"),
        world.http("payments", "POST", "/payments/methods", method, key="after"),
        world.http("customers", "PUT", "/customers/me", ADA),
    ]
    assert [(status, said["error"]) for status, said in refused] == [(409, "ErasedCustomer")] * 3
    assert shop.history(known)["status"] == "CONFIRMED"
    assert world.http("storefront", "GET", "/storefront/me/orders")[0] == 200
