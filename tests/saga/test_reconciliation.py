"""The hourly reconciliation: stock that was held too long is sold or released as its order ended."""

from datetime import timedelta

import pytest

from checkout.repair import RepairIncomplete
from tests.saga.parking import last_repair
from tests.support import invariants
from tests.support.faults import ALWAYS, Mishap
from tests.support.shop import SagaShop
from tests.support.world import MotoWorld


def test_a_lost_confirmation_is_noticed_within_hours_and_the_stock_is_sold(
    world: MotoWorld, shop: SagaShop
) -> None:
    world.lost.add("OrderConfirmed")
    order_id = shop.order()
    world.settle()
    assert shop.outcome(order_id).reservation == "RESERVED"
    world.reconcile(after=timedelta(minutes=30))
    assert shop.outcome(order_id).reservation == "RESERVED"
    world.reconcile(after=timedelta(hours=1))
    assert shop.outcome(order_id).reservation == "COMMITTED"
    assert shop.outcome(order_id).stock == (3, 2)
    invariants.check(world)


def test_stock_of_an_order_that_needs_a_person_stays_held(world: MotoWorld, shop: SagaShop) -> None:
    order_id = shop.order()
    world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    world.faults.plan("ReleaseStock", Mishap.BEFORE, times=ALWAYS)
    last_repair(world, order_id)
    world.faults.clear()
    world.reconcile(after=timedelta(hours=2))
    assert shop.outcome(order_id).reservation == "RESERVED"


def test_a_reservation_that_cannot_be_closed_does_not_hold_up_the_others(
    world: MotoWorld, shop: SagaShop
) -> None:
    world.lost.add("OrderConfirmed")
    orders = [shop.order(key="one"), shop.order(key="two")]
    world.settle()
    world.faults.plan("CommitStock", Mishap.BEFORE)
    with pytest.raises(RepairIncomplete):
        world.reconcile(after=timedelta(hours=2))
    assert sorted(shop.outcome(order_id).reservation for order_id in orders) == ["COMMITTED", "RESERVED"]
    world.reconcile(after=timedelta(hours=2))
    assert [shop.outcome(order_id).reservation for order_id in orders] == ["COMMITTED", "COMMITTED"]
    invariants.check(world)
