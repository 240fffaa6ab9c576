"""A charge that is cut off: how long the saga tries, and that the order is finished forward after that."""

import pytest

from payments import breaker
from payments.provider import ProcessorCutOff
from tests.saga.cases import CONFIRMED
from tests.support import aws
from tests.support.processor import request_lost
from tests.support.shop import SagaShop
from tests.support.state_machines import definition
from tests.support.wiring import TASKS, TIMEOUTS
from tests.support.world import MotoWorld

RETRIERS = definition()["States"]["ChargePayment"]["Retry"]
(WHEN_CUT_OFF,) = (one for one in RETRIERS if ProcessorCutOff.__name__ in one["ErrorEquals"])


def test_the_retries_of_a_charge_that_is_cut_off_outlast_three_windows_of_the_circuit() -> None:
    """Without jitter, and without a longest pause, each pause is exactly the interval."""
    assert not {"JitterStrategy", "MaxDelaySeconds"} & {*WHEN_CUT_OFF}
    assert WHEN_CUT_OFF["BackoffRate"] == 1
    assert WHEN_CUT_OFF["IntervalSeconds"] * WHEN_CUT_OFF["MaxAttempts"] > 3 * breaker.WINDOW


def test_no_other_retrier_comes_before_it_for_a_charge_that_is_cut_off() -> None:
    before = RETRIERS[: RETRIERS.index(WHEN_CUT_OFF)]
    assert not {"States.ALL", "States.TaskFailed"} & {error for one in before for error in one["ErrorEquals"]}


def test_the_longest_charge_ends_before_another_is_tried_at_a_broken_circuit() -> None:
    assert TIMEOUTS[TASKS["ChargePayment"]] < breaker.WINDOW


@pytest.mark.usefixtures("shop")
def test_an_order_that_is_cut_off_for_longer_than_its_retries_is_finished_forward_by_the_sweep(
    world: MotoWorld, shop: SagaShop
) -> None:
    order_id = shop.order()
    world.processor.disturb("create", *[request_lost] * 3)
    world.settle()
    # Three charges open the circuit. Time stands still between retries here, so all others are cut off.
    assert world.calls.count("ChargePayment") == 3 + 1 + WHEN_CUT_OFF["MaxAttempts"]
    assert world.processor.calls == ["create"] * 3
    assert (world.execution(order_id), world.calls[-1]) == ("FAILED", "NoteFault")
    world.sweep()
    assert world.processor.calls == ["create"] * 4 + ["confirm"]
    assert shop.outcome(order_id) == CONFIRMED
    assert [item["state"] for item in aws.items("payments") if item["pk"] == breaker.PARTITION] == ["CLOSED"]
