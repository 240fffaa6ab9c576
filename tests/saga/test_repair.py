"""Automatic repairs: of orders whose saga never started or died, and of events that were lost."""

from datetime import timedelta

import pytest

from checkout.repair import RepairIncomplete
from tests.saga.cases import UNPAID, UNTOUCHED, because
from tests.support import invariants
from tests.support.faults import ALWAYS, Mishap
from tests.support.shop import SagaShop
from tests.support.world import MotoWorld


def steps(world: MotoWorld) -> list[str]:
    """The task calls without those of the sweep itself."""
    return [call for call in world.calls if call != "ClaimOverdue"]


def test_an_order_whose_saga_never_started_gets_it(world: MotoWorld, shop: SagaShop) -> None:
    world.lost.add("OrderPlaced")
    order_id = shop.order()
    world.settle()
    assert world.calls == []
    world.sweep()
    assert steps(world) == ["ReserveStock", "ChargePayment", "ConfirmOrder"]
    assert shop.outcome(order_id).order == ("CONFIRMED", "")
    invariants.check(world)


def test_a_sweep_asks_again_until_nothing_is_due(world: MotoWorld, shop: SagaShop) -> None:
    world.lost.add("OrderPlaced")
    shop.order()
    world.settle()
    world.sweep()
    assert world.calls.count("ClaimOverdue") == 2
    world.sweep(after=timedelta(seconds=1))
    assert world.calls.count("ClaimOverdue") == 3


def test_a_customers_cancel_before_the_saga_started_is_carried_out_by_the_repair(
    world: MotoWorld, shop: SagaShop
) -> None:
    world.lost.add("OrderPlaced")
    order_id = shop.order()
    assert shop.cancel(order_id) == 202
    world.settle()
    world.sweep()
    assert world.execution(order_id) is None
    assert world.execution(order_id, attempt=1) == "SUCCEEDED"
    assert shop.outcome(order_id).order == ("CANCELLED", "CancelledByCustomer")
    invariants.check(world)


def test_a_saga_that_starts_after_its_order_was_undone_changes_nothing(
    world: MotoWorld, shop: SagaShop
) -> None:
    world.lost.add("OrderPlaced")
    order_id = shop.order()
    shop.cancel(order_id)
    world.settle()
    world.sweep()
    repaired = steps(world)
    world.lost.clear()
    for event in [event for event in world.bus.published if event.type == "OrderPlaced"]:
        world.deliver(event)
    world.settle()
    assert steps(world) == [*repaired, "ReserveStock", *repaired]
    assert shop.outcome(order_id) == because(UNTOUCHED, "CancelledByCustomer")
    invariants.check(world)


def test_a_charge_that_its_own_undo_has_overtaken_is_refused_and_not_tried_again(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = shop.order()
    undo = {"order_id": order_id}
    world.faults.just_before("ChargePayment", lambda: world.call("payments.tasks.refund_payment", undo))
    world.settle()
    assert world.calls.count("ChargePayment") == 1
    assert shop.outcome(order_id) == because(UNPAID, "ChargeVoided")
    invariants.check(world)


def test_an_order_that_is_not_due_yet_is_left_alone(world: MotoWorld, shop: SagaShop) -> None:
    world.lost.add("OrderPlaced")
    order_id = shop.order()
    world.settle()
    world.sweep(after=timedelta(seconds=90))
    assert world.execution(order_id) is None
    assert shop.outcome(order_id).order == ("PENDING", "")


def test_an_execution_that_still_runs_is_left_alone(world: MotoWorld, shop: SagaShop) -> None:
    order_id = shop.order()
    seen: list[None] = []
    world.faults.just_before("ChargePayment", lambda: seen.append(world.sweep_only(timedelta(minutes=3))))
    world.settle()
    assert seen == [None]
    assert steps(world) == ["ReserveStock", "ChargePayment", "ConfirmOrder"]
    assert "ClaimOverdue" in world.calls
    assert world.execution(order_id, attempt=1) is None
    assert shop.outcome(order_id).order == ("CONFIRMED", "")


def test_an_order_that_five_repairs_could_not_end_is_parked_and_never_touched_again(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = shop.order("pm_decline")
    world.faults.plan("CancelOrder", Mishap.BEFORE, times=ALWAYS)
    world.settle()
    for _ in range(6):
        world.sweep(after=timedelta(hours=2))
    assert [world.execution(order_id, attempt=attempt) for attempt in range(7)] == [*["FAILED"] * 6, None]
    assert shop.outcome(order_id).order == ("NEEDS_ATTENTION", "PaymentDeclined")
    assert shop.events(order_id)["order"] == "OrderPlaced CancellationStarted OrderParked"
    invariants.check(world)

    world.faults.clear()
    before = steps(world)
    world.sweep(after=timedelta(days=1))
    assert steps(world) == before
    assert shop.outcome(order_id).order == ("NEEDS_ATTENTION", "PaymentDeclined")


def test_a_parked_order_is_ended_by_one_more_repair(world: MotoWorld, shop: SagaShop) -> None:
    order_id = shop.order()
    world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    world.faults.plan("RefundPayment", Mishap.BEFORE, times=ALWAYS)
    world.settle()
    assert shop.outcome(order_id).order == ("NEEDS_ATTENTION", "CancelledByCustomer")
    world.faults.clear()
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    assert shop.outcome(order_id).order == ("CANCELLED", "CancelledByCustomer")
    assert shop.outcome(order_id).payment == "REFUNDED"
    invariants.check(world)


def test_one_order_that_cannot_be_repaired_now_does_not_hold_up_the_others(
    world: MotoWorld, shop: SagaShop
) -> None:
    world.lost.add("OrderPlaced")
    first, second = shop.order(key="one"), shop.order(key="two")
    world.settle()
    with world.unreachable("sfn.StartExecution", about=first), pytest.raises(RepairIncomplete):
        world.sweep_only(timedelta(minutes=3))
    world.settle()
    assert (world.execution(first), world.execution(second)) == (None, "SUCCEEDED")
    world.sweep(after=timedelta(minutes=5))
    assert shop.outcome(first).order == ("CONFIRMED", "")
    invariants.check(world)


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
    world.settle()
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


def test_nothing_automatic_ends_an_order_that_needs_a_person(world: MotoWorld, shop: SagaShop) -> None:
    world.lost.add("OrderPlaced")
    order_id = shop.order()
    world.settle()
    with world.unreachable("sfn.StartExecution", about=order_id):
        for _ in range(5):
            with pytest.raises(RepairIncomplete):
                world.sweep_only(timedelta(hours=2))
        world.sweep_only(timedelta(hours=2))
    world.settle()
    assert shop.outcome(order_id).order == ("NEEDS_ATTENTION", "Interrupted")

    world.lost.clear()
    (late,) = [event for event in world.bus.published if event.type == "OrderPlaced"]
    world.deliver(late)
    world.settle()
    outcome = shop.outcome(order_id)
    assert outcome.order == ("NEEDS_ATTENTION", "Interrupted")
    assert outcome.processor[0] == outcome.processor[1]
    assert outcome.reservation == "RELEASED"
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    assert shop.outcome(order_id).order == ("CANCELLED", "Interrupted")
    invariants.check(world)
