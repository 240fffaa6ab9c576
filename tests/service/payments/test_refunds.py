"""Refunds after the sale: decided by operators, asked of the processor by a schedule, watched for a month."""

from types import ModuleType
from typing import Any

import pytest

from payments import api, refund_rows, sales, store, tasks
from tests.support import aws
from tests.support.clock import Clock
from tests.support.payments import add_method, charge, events
from tests.support.processor import (
    Account,
    Processor,
    answer_delayed,
    answer_lost,
    answered,
    request_lost,
)
from tests.support.sale_refunds import ask, operate, see_to, shown, sold

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "processor")

MINUTE, HOUR, DAY = 60, 3600, 86_400
STARTED, DONE, FAILED = "SaleRefundStarted", "SaleRefunded", "SaleRefundFailed"


@pytest.fixture(autouse=True)
def _time(clock: Clock) -> None:
    """The clock of a test moves only when the test says so."""


def test_a_sale_goes_back_in_parts_and_never_more_than_was_paid(processor: Processor, clock: Clock) -> None:
    sold()
    assert [ask(300, key="r1")[0], ask(300, key="r2")[0]] == [201, 201]
    assert see_to(clock) == []
    assert processor.books("o1") == Account(1, 1, 1250, 600)
    status, problem = ask(651, key="r3")
    assert (status, problem["error"], problem["available"]) == (409, "RefundTooLarge", 650)
    assert ask(650, key="r4")[0] == 201
    assert see_to(clock) == []
    assert processor.books("o1") == Account(1, 1, 1250, 1250)
    assert shown() == ([(300, "SUCCEEDED", 1), (300, "SUCCEEDED", 1), (650, "SUCCEEDED", 1)], 0)
    assert events()[-6:] == [STARTED, STARTED, DONE, DONE, STARTED, DONE]


def test_the_same_request_is_one_refund_and_another_under_its_key_is_refused(clock: Clock) -> None:
    sold()
    first = ask(300)
    see_to(clock)
    assert ask(300) == first
    assert ask(301)[1]["error"] == "KeyReused"
    assert shown() == ([(300, "SUCCEEDED", 1)], 950)


def test_nothing_goes_back_before_the_sale_of_an_unknown_order_or_in_another_currency() -> None:
    assert ask(300)[1]["error"] == "NotFound"
    charge()
    assert ask(300)[1]["error"] == "SaleNotPosted"
    sales.post("o1", cause="test")
    assert ask(300, currency="USD")[1]["error"] == "RefundTooLarge"
    assert operate("GET", "/payments/o2/refunds")[0] == 404
    assert aws.call(api.handler, "POST", "/payments/o1/refunds", {}, key="r1")[0] == 403


@pytest.mark.parametrize("disturbance", [request_lost, answer_lost])
def test_a_refund_whose_answer_is_lost_goes_back_once(
    disturbance: Any, processor: Processor, clock: Clock
) -> None:
    sold()
    ask(300)
    processor.disturb("refund", disturbance)
    assert see_to(clock) == ["ProcessorUnavailable"]
    assert see_to(clock, after=5 * MINUTE) == []
    assert processor.books("o1").refunded == 300
    assert len(processor.keys["refund"]) == 1
    assert shown() == ([(300, "SUCCEEDED", 1)], 950)


def test_a_refund_that_the_processor_forgets_the_key_of_is_found_by_our_id(
    processor: Processor, clock: Clock
) -> None:
    sold()
    ask(300)
    processor.forgetful = True
    processor.disturb("refund", answer_lost)
    see_to(clock)
    assert see_to(clock, after=2 * DAY) == []
    assert (processor.books("o1").refunded, processor.calls.count("refund")) == (300, 1)


def test_a_key_that_is_a_day_old_is_changed_on_record_before_it_is_used(
    processor: Processor, clock: Clock
) -> None:
    sold()
    ask(300)
    processor.disturb("refund", request_lost, request_lost)
    see_to(clock)
    see_to(clock, after=23 * HOUR)
    assert len(processor.keys["refund"]) == 1
    assert see_to(clock, after=2 * HOUR) == []
    assert len(processor.keys["refund"]) == 2
    assert processor.books("o1").refunded == 300


def test_a_failure_that_the_processor_repeats_changes_the_key_on_record(
    processor: Processor, clock: Clock
) -> None:
    """A failure that is repeated will be repeated for as long as the processor knows the key."""
    sold()
    ask(300)
    processor.disturb("refund", answered(500), answered(500, Idempotent_Replayed="true"))
    assert [see_to(clock, after=5 * MINUTE) for _ in range(2)] == [["ProcessorUnavailable"]] * 2
    assert len(processor.keys["refund"]) == 1
    assert see_to(clock, after=5 * MINUTE) == []
    assert (len(processor.keys["refund"]), processor.books("o1").refunded) == (2, 300)


def test_a_run_that_is_overtaken_for_a_day_gives_back_nothing_more(
    processor: Processor, clock: Clock
) -> None:
    """It knows of no refund yet, while another run asks, records the outcome, and the key gets old."""
    sold()
    ask(300)

    def meanwhile() -> None:
        assert see_to(clock, after=5 * MINUTE) == []
        clock.advance(DAY)

    processor.disturb("disputes", answer_delayed(meanwhile))
    processor.forgetful = True
    assert see_to(clock) == []
    assert (shown(), processor.books("o1").refunded) == (([(300, "SUCCEEDED", 1)], 950), 300)


def test_a_pending_refund_is_waited_for(processor: Processor, clock: Clock) -> None:
    sold("pm_refund_pending")
    ask(300)
    assert see_to(clock) == []
    assert shown() == ([(300, "PENDING", 1)], 950)
    assert see_to(clock, after=5 * MINUTE) == []
    assert shown() == ([(300, "SUCCEEDED", 1)], 950)
    assert processor.calls.count("refund") == 1


def test_a_refund_that_can_fail_no_more_is_looked_at_no_more(processor: Processor, clock: Clock) -> None:
    sold()
    ask(300)
    looks = [(see_to(clock, after=DAY), processor.calls.count("refunds"))[1] for _ in range(70)]
    assert looks[-1] - looks[0] == 6
    assert looks[-1] == looks[33]


def test_no_refund_is_asked_for_during_a_dispute_nor_after_a_lost_one(
    processor: Processor, clock: Clock
) -> None:
    sold("pm_dispute_lost")
    clock.advance(3 * DAY)
    ask(300)
    assert see_to(clock) == []
    assert (shown(), processor.calls.count("refund")) == (([(300, "PENDING", 1)], 0), 0)
    errors = [see_to(clock, after=HOUR) for _ in range(24 * 11)]
    assert [found for found in errors if found] == []  # the bank has paid in our place
    assert (shown()[0], processor.calls.count("refund")) == ([(300, "FAILED", 1)], 0)


def test_an_order_that_a_wallet_has_paid_gets_its_money_at_once(processor: Processor) -> None:
    credit = {"amount": 2000, "currency": "EUR", "because": "sorry"}
    assert operate("POST", "/wallets/alice/deposits", credit, key="credit")[0] == 201
    method = add_method({"wallet": True}, key="wallet")[1]["payment_method"]
    total = {"amount": 1250, "currency": "EUR"}
    step = {"order_id": "o1", "customer_id": "alice", "payment_method": method, "total": total}
    tasks.charge_payment(step, None)
    sales.post("o1", cause="test")
    assert [ask(300, key="r1")[0], ask(300, key="r2")[0], ask(300, key="r2")[0]] == [201, 201, 201]
    assert shown() == ([(300, "SUCCEEDED", 1), (300, "SUCCEEDED", 1)], 650)
    (credit,) = operate("GET", "/wallets/alice")[1]["balances"]
    assert (credit["posted"], credit["available"], processor.calls) == (1350, 1350, [])


@pytest.mark.parametrize("place", [(store, "record"), (refund_rows, "put_off")])
def test_a_run_that_dies_is_made_up_for(
    place: tuple[ModuleType, str], processor: Processor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the outcome is on record, and before the row is put off."""
    sold()
    ask(300)
    with monkeypatch.context() as patch:
        patch.setattr(*place, lambda *asked, **more: 1 / 0)
        assert see_to(clock) == ["ZeroDivisionError"]
    assert see_to(clock, after=5 * MINUTE) == []
    assert (shown(), processor.books("o1").refunded) == (([(300, "SUCCEEDED", 1)], 950), 300)


def test_rows_of_unsold_orders_and_of_refunds_do_not_disturb_each_other(clock: Clock) -> None:
    sold()
    ask(300)
    assert tasks.claim_unsold({"shard": 0}, None)["order_ids"] == []
    charge("o2")
    store.list_unsold("o2")
    clock.advance(HOUR)
    assert see_to(clock) == []
    claimed = [tasks.claim_unsold({"shard": shard}, None)["order_ids"] for shard in range(4)]
    assert [order_id for found in claimed for order_id in found] == ["o2"]
