"""Operators resume and resolve parked orders, whatever fails or happens meanwhile."""

from typing import Any

import pytest

from tests.saga.cases import CONFIRMED, HELD_AND_PAID, REFUNDED, because, parked
from tests.saga.parking import GIVEN_UP, STUCK, given_up, stuck, undone
from tests.support import invariants
from tests.support.faults import Mishap
from tests.support.shop import OrderEnd, SagaShop
from tests.support.world import MotoWorld


def told(outcome: OrderEnd, order_events: str) -> OrderEnd:
    return OrderEnd(**{**vars(outcome), "events": {**outcome.events, "order": order_events}})


def refused(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]


def listed(world: MotoWorld, state: str) -> list[str]:
    query = {"state": state}
    status, page = world.http("orders", "GET", "/ops/checkouts", role="operator", query=query)
    assert status == 200
    return [order["order_id"] for order in page["checkouts"]]


def test_a_parked_order_is_found_resumed_and_gone_from_the_list(world: MotoWorld, shop: SagaShop) -> None:
    order_id = stuck(world, shop)
    assert listed(world, "NEEDS_ATTENTION") == [order_id]
    world.faults.clear()
    status, answer = world.intervene(order_id, "resume")
    assert (status, answer["order_id"]) == (202, order_id)
    world.settle()
    assert shop.outcome(order_id) == told(REFUNDED, f"{STUCK} OrderResumed OrderCancelled")
    assert [listed(world, state) for state in ("NEEDS_ATTENTION", "PENDING", "CANCELLING")] == [[], [], []]
    assert world.intervene(order_id, "resume") == (202, answer)
    assert refused(world.intervene(order_id, "resume", key="another")) == (409, "NotParked")
    invariants.check(world)


def test_an_order_that_is_stuck_still_is_resumed_again_under_another_key(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = stuck(world, shop)
    assert world.intervene(order_id, "resume", key="too-early")[0] == 202
    world.settle()
    left = parked(REFUNDED, payment="CAPTURED", processor=(2500, 0))
    events = {**left.events, "order": f"{STUCK} OrderResumed", "payment": "PaymentCaptured"}
    assert shop.outcome(order_id) == OrderEnd(**{**vars(left), "events": events})
    world.faults.clear()
    assert world.intervene(order_id, "resume", key="later")[0] == 202
    world.settle()
    assert shop.outcome(order_id) == told(REFUNDED, f"{STUCK} OrderResumed OrderResumed OrderCancelled")
    invariants.check(world)


@pytest.mark.parametrize("kind", list(Mishap))
def test_a_resumption_that_failed_half_way_is_made_up_by_the_same_request(
    kind: Mishap, world: MotoWorld, shop: SagaShop
) -> None:
    order_id = stuck(world, shop)
    world.faults.clear()
    world.faults.plan("ResumeOrder", kind, effects=1)
    assert world.intervene(order_id, "resume")[0] == 500
    world.release_zombies()
    assert shop.outcome(order_id).order == ("NEEDS_ATTENTION", "CancelledByCustomer")
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    assert shop.outcome(order_id) == told(REFUNDED, f"{STUCK} OrderResumed OrderCancelled")
    invariants.check(world)


def test_a_resumption_that_could_not_be_started_is_started_by_the_same_request(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = stuck(world, shop)
    world.faults.clear()
    with world.unreachable("sfn.StartExecution", about=order_id):
        assert world.intervene(order_id, "resume")[0] == 500
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    assert shop.outcome(order_id) == told(REFUNDED, f"{STUCK} OrderResumed OrderCancelled")


def test_a_resumption_whose_execution_was_forgotten_changes_nothing_when_repeated(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = stuck(world, shop)
    world.faults.clear()
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    before = shop.outcome(order_id)
    world.forget_executions()
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    assert shop.outcome(order_id) == before
    invariants.check(world)


def test_an_order_that_was_given_up_is_fenced_before_it_is_undone(world: MotoWorld, shop: SagaShop) -> None:
    order_id = given_up(world, shop)
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    events = f"{GIVEN_UP} OrderResumed CancellationStarted OrderCancelled"
    assert shop.outcome(order_id) == told(because(REFUNDED, "Interrupted"), events)
    invariants.check(world)


def test_an_order_that_is_paid_and_held_and_was_never_fenced_is_resolved_to_confirmed(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = given_up(world, shop)
    assert shop.outcome(order_id).payment == HELD_AND_PAID.payment
    assert refused(world.intervene(order_id, "resolve", key="one", to="CANCELLED")) == (409, "NotUndone")
    answer = world.intervene(order_id, "resolve", key="two", to="CONFIRMED")
    assert answer == (200, {"order_id": order_id, "status": "CONFIRMED"})
    world.settle()
    assert shop.outcome(order_id) == told(CONFIRMED, f"{GIVEN_UP} OrderResolved OrderConfirmed")
    assert world.intervene(order_id, "resolve", key="two", to="CONFIRMED") == answer
    assert shop.history(order_id)["status"] == "CONFIRMED"
    assert "olga" not in str(shop.history(order_id))
    invariants.check(world)


def test_an_order_that_is_undone_is_resolved_to_cancelled(world: MotoWorld, shop: SagaShop) -> None:
    order_id = undone(world, shop)
    assert refused(world.intervene(order_id, "resolve", key="one", to="CONFIRMED")) == (409, "AlreadyFenced")
    answer = world.intervene(order_id, "resolve", key="two", to="CANCELLED")
    assert answer == (200, {"order_id": order_id, "status": "CANCELLED"})
    world.settle()
    assert shop.outcome(order_id) == told(REFUNDED, f"{STUCK} OrderResolved OrderCancelled")
    invariants.check(world)


def test_a_declined_order_is_not_resolved_but_resumed(world: MotoWorld, shop: SagaShop) -> None:
    order_id = undone(world, shop, "pm_decline")
    status, problem = world.intervene(order_id, "resolve", to="CANCELLED")
    told_so = {name: problem[name] for name in ("error", "payment", "reservation")}
    assert (status, told_so) == (
        409,
        {"error": "NotUndone", "payment": "DECLINED", "reservation": "RELEASED"},
    )
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    assert shop.outcome(order_id).order == ("CANCELLED", "PaymentDeclined")
    invariants.check(world)


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        ("PaymentStatus", Mishap.LOST),
        ("ReservationStatus", Mishap.ZOMBIE),
        *(("ResolveOrder", kind) for kind in Mishap),
    ],
)
def test_a_resolution_that_failed_half_way_is_made_up_by_the_same_request(
    task: str, kind: Mishap, world: MotoWorld, shop: SagaShop
) -> None:
    order_id = given_up(world, shop)
    world.faults.plan(task, kind, effects=1)
    assert world.intervene(order_id, "resolve", to="CONFIRMED")[0] == 500
    world.release_zombies()
    assert world.intervene(order_id, "resolve", to="CONFIRMED")[0] == 200
    world.settle()
    assert shop.outcome(order_id) == told(CONFIRMED, f"{GIVEN_UP} OrderResolved OrderConfirmed")
    invariants.check(world)


@pytest.mark.parametrize("asking", ["PaymentStatus", "ReservationStatus", "ResolveOrder"])
def test_a_repair_during_the_confirmation_of_an_order_prevents_it(
    asking: str, world: MotoWorld, shop: SagaShop
) -> None:
    order_id = given_up(world, shop)

    def undo() -> None:
        world.call("orders.tasks.fence_order", {"order_id": order_id, "reason": "Resumed"})
        world.call("payments.tasks.refund_payment", {"order_id": order_id})

    world.faults.just_before(asking, undo)
    assert refused(world.intervene(order_id, "resolve", to="CONFIRMED")) == (409, "AlreadyFenced")
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    assert shop.outcome(order_id).order == ("CANCELLED", "Interrupted")
    invariants.check(world)


def test_an_order_that_is_confirmed_while_a_repair_begins_stands(world: MotoWorld, shop: SagaShop) -> None:
    order_id = given_up(world, shop)
    answers = []
    world.faults.just_before(
        "FenceOrder", lambda: answers.append(world.intervene(order_id, "resolve", to="CONFIRMED"))
    )
    assert world.intervene(order_id, "resume")[0] == 202
    world.settle()
    assert [status for status, _ in answers] == [200]
    assert shop.outcome(order_id) == told(CONFIRMED, f"{GIVEN_UP} OrderResumed OrderResolved OrderConfirmed")
    invariants.check(world)


@pytest.mark.parametrize("how", ["resume", "resolve"])
def test_an_order_that_does_not_exist_is_not_found(how: str, world: MotoWorld, shop: SagaShop) -> None:
    target = {"to": "CANCELLED"} if how == "resolve" else {}
    assert refused(world.intervene("no-such-order", how, **target)) == (404, "NotFound")
