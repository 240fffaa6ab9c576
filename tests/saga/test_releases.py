"""Executions outlive a deploy: the saga's file and its input may be those of the release before."""

import json
from datetime import timedelta
from typing import Any

import pytest

from orders import domain
from tests.saga.cases import DECLINED, REFUNDED
from tests.support import aws, invariants
from tests.support.faults import ALWAYS, Mishap
from tests.support.orders import change
from tests.support.shop import SagaShop
from tests.support.state_machines import ROLE, definition
from tests.support.world import MotoWorld

ASKED = {"request": "request-1", "by": "olga", "because": "the cause is gone"}


def file_before() -> dict[str, Any]:
    """The repair's definition of the release before. There the error name Resumed told a resumption."""
    machine = definition("CheckoutRepair")
    del machine["States"]["CancelOrder"]["Parameters"]["saga.$"]
    return machine


def start(machine: str, name: str, given: dict[str, Any]) -> None:
    client = aws.client("stepfunctions")
    client.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))


def parked(world: MotoWorld, shop: SagaShop) -> str:
    """An order that was parked because its refund kept failing, and that an operator has resumed."""
    order_id = shop.order()
    world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    world.faults.plan("RefundPayment", Mishap.BEFORE, times=ALWAYS)
    world.settle()
    with world.service("orders"):
        change(order_id, attempts=domain.MOST_ATTEMPTS)
    world.sweep(after=timedelta(hours=2))
    world.faults.clear()
    world.call("orders.tasks.resume_order", {"order_id": order_id, **ASKED})
    return order_id


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ({"failure": {"Error": "Resumed", "Cause": ""}}, "CANCELLED"),
        ({"failure": {"Error": "Interrupted", "Cause": ""}}, "NEEDS_ATTENTION"),
        ({"failure": {"Error": "Interrupted", "Cause": ""}, "resumed": True}, "CANCELLED"),
        ({"failure": {"Error": "Interrupted", "Cause": ""}, "resumed": False}, "NEEDS_ATTENTION"),
    ],
)
def test_a_parked_order_is_ended_by_a_resumption_of_either_release(
    given: dict[str, Any], ends: str, world: MotoWorld, shop: SagaShop
) -> None:
    order_id = parked(world, shop)
    given = {"order_id": order_id, "stuck": {}, **given}
    start(world.environment["CHECKOUT_REPAIR"], f"{order_id}-resumed", given)
    world.settle()
    assert shop.outcome(order_id).order == (ends, "CancelledByCustomer")
    invariants.check(world)


def test_a_resumption_that_the_release_before_started_runs_to_its_end(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = parked(world, shop)
    client = aws.client("stepfunctions")
    machine = client.create_state_machine(name="Before", definition=json.dumps(file_before()), roleArn=ROLE)
    world.environment["CHECKOUT_REPAIR"] = machine["stateMachineArn"]
    given = {"order_id": order_id, "failure": {"Error": "Resumed", "Cause": ""}, "stuck": {}}
    start(machine["stateMachineArn"], f"{order_id}-resumed", given)
    world.settle()
    assert shop.outcome(order_id).order == ("CANCELLED", "CancelledByCustomer")
    assert shop.outcome(order_id).payment == REFUNDED.payment


def test_a_saga_that_the_release_before_started_is_undone_whole(world: MotoWorld, shop: SagaShop) -> None:
    """The function that starts the saga was not replaced yet when the saga was: its input lacks a field."""
    order_id = shop.order("pm_decline")
    placed = next(event for event in aws.committed("orders") if event.type == "OrderPlaced")
    lines = [{"sku": line["sku"], "quantity": line["quantity"]} for line in placed.data["lines"]]
    start(world.environment["CHECKOUT_SAGA"], order_id, {**placed.data, "lines": lines, "stuck": {}})
    world.settle()
    assert world.execution(order_id) == "SUCCEEDED"
    assert shop.outcome(order_id) == DECLINED
    invariants.check(world)
