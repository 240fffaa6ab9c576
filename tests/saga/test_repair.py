"""Automatic repairs: of orders whose saga never started or died, and of events that were lost."""

import json
from datetime import timedelta

import pytest

from checkout.repair import RepairIncomplete
from orders import domain
from tests.saga.cases import CONFIRMED, HELD_AND_PAID, REFUNDED, UNPAID, UNTOUCHED, because
from tests.saga.parking import last_repair
from tests.support import aws, invariants
from tests.support.faults import ALWAYS, Mishap
from tests.support.shop import SagaShop
from tests.support.world import MotoWorld


def steps(world: MotoWorld) -> list[str]:
    """The task calls without those of the sweep itself, and without the notes of faults."""
    return [call for call in world.calls if call not in ("ClaimOverdue", "NoteFault")]


def run_again(world: MotoWorld, order_id: str) -> None:
    """One more execution of the order's saga, as AWS may start an Express execution once more."""
    (placed,) = [event for event in world.bus.published if event.type == "OrderPlaced"]
    given = {**placed.data, "stuck": {}, "resumed": False, "run": 1, "repair": f"{order_id}-r"}
    machine = world.environment["CHECKOUT_SAGA"]
    aws.client("stepfunctions").start_execution(
        stateMachineArn=machine, name=f"{order_id}-again", input=json.dumps(given)
    )
    world.settle()


def test_an_order_whose_saga_never_started_gets_it(world: MotoWorld, shop: SagaShop) -> None:
    world.lost.add("OrderPlaced")
    order_id = shop.order()
    world.settle()
    assert world.calls == []
    world.sweep()
    assert steps(world) == ["ReserveStock", "ChargePayment", "ConfirmOrder"]
    assert shop.outcome(order_id).order == ("CONFIRMED", "")
    invariants.check(world)


def test_a_customers_cancel_before_the_saga_started_is_carried_out_by_the_repair(
    world: MotoWorld, shop: SagaShop
) -> None:
    world.lost.add("OrderPlaced")
    order_id = shop.order()
    assert shop.cancel(order_id) == 202
    world.settle()
    world.sweep()
    assert world.execution(order_id) is None
    assert world.execution(order_id, "-r2") == "SUCCEEDED"
    assert shop.outcome(order_id).order == ("CANCELLED", "CancelledByCustomer")
    invariants.check(world)


def test_a_saga_that_runs_after_its_order_was_undone_changes_nothing(
    world: MotoWorld, shop: SagaShop
) -> None:
    world.lost.add("OrderPlaced")
    order_id = shop.order()
    shop.cancel(order_id)
    world.settle()
    world.sweep()
    repaired = steps(world)
    run_again(world, order_id)
    assert steps(world) == [*repaired, "ReserveStock", *repaired]
    assert shop.outcome(order_id) == because(UNTOUCHED, "CancelledByCustomer")
    invariants.check(world)


def test_an_order_that_is_told_after_the_sweeps_first_look_is_not_started_again(
    world: MotoWorld, shop: SagaShop
) -> None:
    world.lost.add("OrderPlaced")
    order_id = shop.order()
    world.settle()
    world.sweep()
    world.lost.clear()
    for event in [event for event in world.bus.published if event.type == "OrderPlaced"]:
        world.deliver(event)
    world.settle()
    assert (world.execution(order_id), world.execution(order_id, "-f2")) == (None, "SUCCEEDED")
    assert shop.outcome(order_id).order == ("CONFIRMED", "")


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


def test_a_second_run_beside_the_first_finds_what_the_first_has_done(
    world: MotoWorld, shop: SagaShop
) -> None:
    """Nobody can ask whether an Express execution runs, so the sweep starts the next all the same."""
    order_id = shop.order()
    seen: list[None] = []
    world.faults.just_before("ChargePayment", lambda: seen.append(world.sweep_only(timedelta(minutes=3))))
    world.settle()
    assert seen == [None]
    assert sorted(steps(world)) == sorted(["ReserveStock", "ChargePayment", "ConfirmOrder"] * 2)
    assert (world.execution(order_id), world.execution(order_id, "-f2")) == ("SUCCEEDED", "SUCCEEDED")
    assert shop.outcome(order_id) == CONFIRMED
    invariants.check(world)


def test_an_order_whose_steps_fail_for_half_an_hour_is_undone_by_the_repair(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = shop.order()
    world.faults.plan("ConfirmOrder", Mishap.BEFORE, times=ALWAYS)
    world.settle()
    for minutes in (2, 4, 8, 8, 8):
        world.sweep(after=timedelta(minutes=minutes))
    forward = ["", "-f2", "-f3", "-f4", "-f5", "-f6"]
    assert [world.execution(order_id, later) for later in forward] == ["FAILED"] * 6
    assert shop.outcome(order_id) == HELD_AND_PAID
    world.sweep(after=timedelta(minutes=8))
    assert (world.execution(order_id, "-f7"), world.execution(order_id, "-r7")) == (None, "SUCCEEDED")
    assert shop.outcome(order_id) == because(REFUNDED, "Interrupted")
    invariants.check(world)


def test_an_order_that_eight_repairs_could_not_end_is_parked_and_never_touched_again(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = shop.order("pm_decline")
    world.faults.plan("CancelOrder", Mishap.BEFORE, times=ALWAYS)
    world.settle()
    for _ in range(9):
        world.sweep(after=timedelta(hours=2))
    repairs = [world.execution(order_id, f"-r{run}") for run in range(2, 11)]
    assert repairs == [*["FAILED"] * 8, None]
    assert shop.outcome(order_id).order == ("NEEDS_ATTENTION", "PaymentDeclined")
    assert shop.events(order_id)["order"] == "OrderPlaced CancellationStarted OrderParked"
    invariants.check(world)

    world.faults.clear()
    before = steps(world)
    world.sweep(after=timedelta(days=1))
    assert steps(world) == before
    assert shop.outcome(order_id).order == ("NEEDS_ATTENTION", "PaymentDeclined")


def test_an_undo_that_is_stuck_for_hours_leaves_the_order_to_a_person(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = shop.order()
    world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    world.faults.plan("RefundPayment", Mishap.BEFORE, times=ALWAYS)
    world.settle()
    assert (world.execution(order_id), world.execution(order_id, "-r")) == ("SUCCEEDED", "FAILED")
    for _ in range(8):
        assert shop.outcome(order_id).order == ("CANCELLING", "CancelledByCustomer")
        world.sweep(after=timedelta(minutes=43))
    assert shop.outcome(order_id).order == ("NEEDS_ATTENTION", "CancelledByCustomer")
    (parked,) = [event for event in world.bus.published if event.type == "OrderParked"]
    assert parked.data["stuck"] == ["RefundPayment"]
    assert shop.outcome(order_id).reservation == "RELEASED"


def test_a_parked_order_is_ended_by_one_more_repair(world: MotoWorld, shop: SagaShop) -> None:
    order_id = shop.order()
    world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    world.faults.plan("RefundPayment", Mishap.BEFORE, times=ALWAYS)
    last_repair(world, order_id)
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
    assert (world.execution(first, "-f2"), world.execution(second, "-f2")) == (None, "SUCCEEDED")
    world.sweep(after=timedelta(minutes=5))
    assert shop.outcome(first).order == ("CONFIRMED", "")
    invariants.check(world)


def test_nothing_automatic_ends_an_order_that_needs_a_person(world: MotoWorld, shop: SagaShop) -> None:
    world.lost.add("OrderPlaced")
    order_id = shop.order()
    world.settle()
    with world.unreachable("sfn.StartExecution", about=order_id):
        for _ in range(domain.MOST_ATTEMPTS_UNFENCED):
            with pytest.raises(RepairIncomplete):
                world.sweep_only(timedelta(hours=2))
        world.sweep_only(timedelta(hours=2))
    world.settle()
    assert shop.outcome(order_id).order == ("NEEDS_ATTENTION", "Interrupted")

    run_again(world, order_id)
    outcome = shop.outcome(order_id)
    assert outcome.order == ("NEEDS_ATTENTION", "Interrupted")
    assert outcome.processor[0] == outcome.processor[1]
    assert outcome.reservation == "RELEASED"
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    assert shop.outcome(order_id).order == ("CANCELLED", "Interrupted")
    invariants.check(world)
