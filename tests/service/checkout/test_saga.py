"""Checkout on moto's executions: an event or a claim starts a saga once, and the sweep repairs it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from checkout import repair, saga
from checkout.executions import executions as client
from checkout.repair import RepairIncomplete
from kernel.errors import Fault
from kernel.events import Envelope
from kernel.triggers.schedules import SHARDS
from orders import domain
from tests.support import aws
from tests.support.checkout import FakeLambda, entry, executions, idle_executions, run
from tests.support.clock import Clock
from tests.support.events import arriving

LINE = {"sku": "mug", "quantity": 2}
EUROS = {"amount": 2500, "currency": "EUR"}


def order(order_id: str) -> dict[str, Any]:
    """An order as OrderPlaced and a claim tell it, with fields that the saga is not given."""
    return {
        "order_id": order_id,
        "customer_id": "alice",
        "lines": [{**LINE, "unit_price": {"amount": 1250, "currency": "EUR"}}],
        "total": EUROS,
        "payment_method": "method-1",
        "later": "a field of a later version",
    }


def given(order_id: str, repair: str = "", run: int = 1) -> dict[str, Any]:
    known = {name: value for name, value in order(order_id).items() if name != "later"}
    named = {"run": run, "repair": repair or f"{order_id}-r"}
    return {**known, "lines": [LINE], "stuck": {}, "resumed": False, **named}


def placed(order_id: str, *, age: float = 0, **changed: Any) -> Envelope:
    """The event, which happened `age` seconds ago."""
    data = {**order(order_id), **changed}
    event = arriving("OrderPlaced", source="orders", subject=f"order/{order_id}", sequence=1, **data)
    return event.model_copy(update={"time": datetime.now(UTC) - timedelta(seconds=age)})


def claim(order_id: str, *, forward: bool = True, run: int = 2) -> dict[str, Any]:
    return {"forward": forward, "run": run, "order": order(order_id)}


@pytest.fixture
def cloud() -> Iterator[None]:
    with idle_executions():
        yield


@pytest.fixture(autouse=True)
def functions(cloud: None, monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    return FakeLambda.install(monkeypatch)


def start(*events: Envelope) -> list[str]:
    """The place in the batch of each event that failed."""
    answer = saga.start(aws.batch(events), None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_an_accepted_order_starts_its_saga_with_what_the_saga_needs_and_no_more() -> None:
    assert start(placed("o1"), placed("o2")) == []
    assert executions() == {"CheckoutSaga:o1": given("o1"), "CheckoutSaga:o2": given("o2")}


@pytest.mark.parametrize("ended", [False, True])
def test_an_order_told_twice_is_one_execution(ended: bool) -> None:
    assert start(placed("o1"), placed("o1")) == []
    run("CheckoutSaga", "o2", ended=ended)
    assert start(placed("o2")) == []
    assert executions() == {"CheckoutSaga:o1": given("o1"), "CheckoutSaga:o2": {"from": "before"}}


def test_an_order_whose_saga_cannot_be_started_comes_back_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable = placed("o1", total=2500)
    assert start(unreadable, placed("o2")) == ["m0"]
    assert list(executions()) == ["CheckoutSaga:o2"]
    monkeypatch.setenv("CHECKOUT_SAGA", "arn:aws:states:eu-west-1:123456789012:stateMachine:Nothing")
    assert start(placed("o3"), placed("o4")) == ["m0", "m1"]


def test_an_order_that_is_told_late_is_left_to_the_sweep() -> None:
    assert start(placed("o1", age=119), placed("o2", age=121), placed("o3", age=400 * 86_400)) == []
    assert executions() == {"CheckoutSaga:o1": given("o1")}


def test_an_order_is_left_to_the_sweep_from_the_moment_of_its_first_look_on() -> None:
    assert saga.FIRST_LOOK == domain.PATIENCE


SHARD = {"shard": 3}
NOTHING: dict[str, Any] = {"order_ids": []}
FAILURE = {"Error": "Interrupted", "Cause": ""}
REPAIR = {"order_id": "o1", "failure": FAILURE, "stuck": {}, "resumed": False}


@pytest.mark.parametrize(
    ("forward", "run", "started"),
    [
        (True, 2, {"CheckoutSaga:o1-f2": given("o1", repair="o1-r-f2", run=2)}),
        (True, 4, {"CheckoutSaga:o1-f4": given("o1", repair="o1-r-f4", run=4)}),
        (False, 2, {"CheckoutRepair:o1-r2": REPAIR}),
        (False, 9, {"CheckoutRepair:o1-r9": REPAIR}),
    ],
)
def test_a_claimed_order_runs_forward_or_is_undone_under_the_name_of_its_run(
    forward: bool, run: int, started: dict[str, Any], functions: FakeLambda
) -> None:
    functions.overdue([claim("o1", forward=forward, run=run)])
    repair.sweep(SHARD, None)
    assert executions() == started


def test_the_first_name_is_the_events_and_never_used_again(functions: FakeLambda) -> None:
    assert start(placed("o1")) == []
    functions.overdue([claim("o1")])
    repair.sweep(SHARD, None)
    assert sorted(executions()) == ["CheckoutSaga:o1", "CheckoutSaga:o1-f2"]


@pytest.mark.parametrize("ended", [False, True])
def test_a_repair_that_was_started_already_is_success(ended: bool, functions: FakeLambda) -> None:
    run("CheckoutRepair", "o1-r2", ended=ended)
    functions.overdue([claim("o1", forward=False)])
    repair.sweep(SHARD, None)
    assert executions() == {"CheckoutRepair:o1-r2": {"from": "before"}}


def test_a_sweep_asks_for_its_shard_until_its_end(functions: FakeLambda) -> None:
    functions.overdue([claim("o1")], [], [claim("o2")])
    repair.sweep(SHARD, None)
    places = [None, entry(0), entry(1)]
    assert functions.asked == [("orders-claim", {"shard": 3, "after": after}) for after in places]
    assert sorted(executions()) == ["CheckoutSaga:o1-f2", "CheckoutSaga:o2-f2"]


def test_an_order_that_orders_cannot_read_fails_the_run_when_the_others_are_repaired(
    functions: FakeLambda,
) -> None:
    unreadable = {"order#o1": {"outcome": "KeyError", "trace": ["..."]}}
    functions.answers["orders-claim"] = [{"claims": [claim("o2")], "failed": unreadable}]
    with pytest.raises(repair.RepairIncomplete):
        repair.sweep(SHARD, None)
    assert list(executions()) == ["CheckoutSaga:o2-f2"]


def test_a_sweep_ends_before_the_next_begins(functions: FakeLambda, clock: Clock) -> None:
    """Each batch takes twenty seconds here."""
    functions.overdue(*([claim(f"p{number}")] for number in range(20)))
    functions.takes = lambda: clock.advance(20)
    repair.sweep(SHARD, None)
    assert len(functions.asked) == 3
    assert len(executions()) == 3


def test_an_order_that_cannot_be_repaired_now_does_not_hold_up_the_others(functions: FakeLambda) -> None:
    def refuse(params: Any, **_: Any) -> None:
        if "o1-f2" in str(params["body"]):
            raise EndpointConnectionError(endpoint_url="states")

    functions.overdue([claim("o1"), claim("o2")], [claim("o3")])
    events = client().meta.events
    events.register("before-call.sfn.StartExecution", refuse)
    try:
        with pytest.raises(RepairIncomplete) as failed:
            repair.sweep(SHARD, None)
    finally:
        events.unregister("before-call.sfn.StartExecution", refuse)
    assert failed.value.data == {"count": 1}
    assert sorted(executions()) == ["CheckoutSaga:o2-f2", "CheckoutSaga:o3-f2"]


def test_a_sweep_that_orders_does_not_answer_fails_and_starts_nothing(functions: FakeLambda) -> None:
    functions.answers["orders-claim"] = [{"errorType": "Contended", "errorMessage": "x"}]
    with pytest.raises(Fault, match="CLAIM_OVERDUE answered Contended"):
        repair.sweep(SHARD, None)
    assert executions() == {}


CLAIMS = {"stock-claim": "stock", "money-claim": "money"}
SELLS = {"stock": "stock-commit", "money": "money-sale"}
GIVES_BACK = {"stock": "stock-release", "money": "money-refund"}


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize(
    ("status", "closes"),
    [
        ("CONFIRMED", SELLS),
        ("CANCELLED", GIVES_BACK),
        *((status, {}) for status in ("PENDING", "CANCELLING", "NEEDS_ATTENTION")),
    ],
)
def test_what_is_held_too_long_is_closed_as_its_order_ended(
    status: str, closes: dict[str, str], claim: str, functions: FakeLambda
) -> None:
    asked = [closes[CLAIMS[claim]]] if closes else []
    functions.answers = {name: [NOTHING] * SHARDS for name in CLAIMS}
    functions.answers[claim] = [NOTHING, {"order_ids": ["o1"]}, NOTHING, NOTHING]
    functions.answers["orders-status"] = [{"order_id": "o1", "status": status}]
    functions.answers |= {name: [{}] for name in (*SELLS.values(), *GIVES_BACK.values())}
    repair.reconcile({}, None)
    about = {"order_id": "o1"}
    closing = [("orders-status", about), *((name, about) for name in asked)]
    claims = [(name, {"shard": shard, "after": None}) for shard in range(SHARDS) for name in CLAIMS]
    place = claims.index((claim, {"shard": 1, "after": None})) + 1
    assert functions.asked == [*claims[:place], *closing, *claims[place:]]


def test_a_shard_that_nobody_answers_for_does_not_hold_up_the_others(functions: FakeLambda) -> None:
    failing = [{"errorType": "Contended"}, NOTHING, NOTHING, NOTHING]
    functions.answers = {name: list(failing) for name in CLAIMS}
    with pytest.raises(RepairIncomplete):
        repair.reconcile({}, None)
    assert [asked["shard"] for _, asked in functions.asked] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_stock_that_cannot_be_closed_now_does_not_hold_up_the_rest(functions: FakeLambda) -> None:
    functions.answers = {
        "stock-claim": [{"order_ids": ["o1"], "after": entry(0)}, {"order_ids": ["o2"]}, *[NOTHING] * 3],
        "money-claim": [NOTHING] * SHARDS,
        "orders-status": [{"errorType": "Contended"}, {"order_id": "o2", "status": "CONFIRMED"}],
        "stock-commit": [{}],
    }
    with pytest.raises(RepairIncomplete):
        repair.reconcile({}, None)
    assert ("stock-claim", {"shard": 0, "after": entry(0)}) in functions.asked
    assert ("stock-commit", {"order_id": "o2"}) in functions.asked
