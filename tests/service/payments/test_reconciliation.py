"""The reconciliation: the processor's balance beside the ledger, what settles itself, and what is listed."""

from datetime import timedelta
from typing import Any

import pytest

from payments import api, ledger, reconciliation, store
from payments.reconciliation import NotReconciled
from tests.support import aws, webhooks
from tests.support.clock import Clock
from tests.support.payments import charge, events, intent_of, outcome, refund
from tests.support.processor import Processor, answer_lost, answered, delayed, request_lost
from tests.support.sale_refunds import ask, operate, see_to, sold

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "processor", "clock")

HOUR, DAY = 3600, 86_400
FEE = 61  # what the sandbox keeps of 1250: 2.9 % and 25


def reconcile(clock: Clock, *, after: float = 2 * HOUR) -> dict[str, Any]:
    """A run of the schedule: what it says in its line of the log."""
    clock.advance(after)
    line: dict[str, Any] = {}
    reconciliation.reconcile.run(line)
    return line


def listed() -> list[tuple[str, str, int]]:
    """Kind, order and amount of each open difference."""
    found = operate("GET", "/payments/differences")[1]["differences"]
    return [(one["kind"], one["order_id"], one["amount"]["amount"]) for one in found]


def settled() -> list[tuple[str, str, int]]:
    """Debit, credit and amount of what is settled."""
    history = ledger.history(store.SETTLEMENTS, reconciliation.ACCOUNT)
    postings = [one for _, decided in history for entry in decided for one in entry.postings]
    return [(one.debit, one.credit, one.amount) for one in postings]


def test_what_agrees_is_not_looked_at_and_fees_are_posted_once(processor: Processor, clock: Clock) -> None:
    sold()
    charge("o2")
    before = len(processor.calls)
    assert reconcile(clock) == {"movements": 2, "looked": 0}
    assert processor.calls[before:] == ["transactions"]
    assert settled() == [("processor_fees", "processor_receivable", 2 * FEE)]
    assert reconcile(clock, after=0) == {}
    assert reconcile(clock)["movements"] == 0
    assert len(settled()) == 1
    assert listed() == []


def test_what_moved_within_the_last_hour_is_left_to_the_next_run(clock: Clock) -> None:
    sold()
    assert reconcile(clock, after=HOUR - 60)["movements"] == 0
    assert reconcile(clock, after=120)["movements"] == 1


def test_a_capture_that_nobody_heard_of_is_put_on_record(processor: Processor, clock: Clock) -> None:
    processor.disturb("confirm", answer_lost)
    outcome(charge)
    assert events() == []
    assert reconcile(clock) == {"movements": 1, "looked": 1}
    assert events() == ["PaymentCaptured"]
    assert listed() == []


def test_a_dispute_of_which_no_webhook_came_is_put_on_record(clock: Clock) -> None:
    sold("pm_dispute_lost")
    for _ in range(4):
        reconcile(clock, after=DAY)
    assert (events()[-1], listed()) == ("DisputeOpened", [("DISPUTE", "o1", -1250)])
    for _ in range(10):
        reconcile(clock, after=DAY)
    assert events()[-2:] == ["DisputeOpened", "DisputeLost"]
    assert (listed(), settled()) == ([], [("processor_fees", "processor_receivable", FEE)])


def test_a_dispute_of_which_only_the_first_webhook_came_is_followed_to_its_end(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing moves at the processor when a dispute is lost."""
    sold("pm_dispute_lost")
    webhooks.connected(monkeypatch)
    webhooks.register()
    clock.advance(2 * DAY)
    webhooks.send()
    assert (events()[-1], listed()) == ("DisputeOpened", [("DISPUTE", "o1", -1250)])
    clock.advance(10 * DAY)
    assert reconcile(clock)["looked"] == 0
    assert (events()[-1], listed()) == ("DisputeLost", [])


def test_a_refund_that_failed_later_is_put_on_record(clock: Clock) -> None:
    sold("pm_refund_fails_later")
    ask(300)
    assert see_to(clock) == []
    for _ in range(6):
        reconcile(clock, after=DAY)
    assert events()[-1] == "SaleRefundFailed"
    assert listed() == []


def test_a_payment_of_nobodys_order_is_listed_until_its_money_has_gone_back(clock: Clock) -> None:
    foreign = webhooks.foreign()
    assert reconcile(clock)["looked"] == 1
    assert listed() == [("UNKNOWN_PAYMENT", "", 700)]
    reconcile(clock)
    assert listed() == [("UNKNOWN_PAYMENT", "", 700)]
    webhooks.give_back(foreign)
    reconcile(clock)
    assert listed() == []


def test_an_order_whose_money_is_not_what_we_think_is_listed_and_settles(clock: Clock) -> None:
    """Somebody has given a part back by hand, then the whole difference is resolved by a person."""
    sold()
    reconcile(clock)
    webhooks.give_back(intent_of(), amount=250)
    reconcile(clock)
    assert listed() == [("PAYMENT_DIFFERS", "o1", -250)]
    (difference,) = operate("GET", "/payments/differences")[1]["differences"]
    assert difference["age_seconds"] == 0
    path, body = f"/payments/differences/{difference['id']}/resolve", {"because": "it was agreed by phone"}
    assert operate("POST", path, body, key="k1") == (200, {"id": difference["id"], "state": "RESOLVED"})
    assert operate("POST", path, body, key="k1")[0] == 200
    assert operate("POST", path, {"because": "another reason"}, key="k1")[1]["error"] == "KeyReused"
    assert listed() == []
    reconcile(clock)
    assert listed() == []


def test_a_difference_that_grows_takes_the_place_of_the_one_before(clock: Clock) -> None:
    sold()
    webhooks.give_back(intent_of(), amount=250)
    reconcile(clock)
    webhooks.give_back(intent_of(), amount=100, key="more")
    reconcile(clock)
    assert listed() == [("PAYMENT_DIFFERS", "o1", -350)]


def test_a_difference_that_nobody_knows_cannot_be_resolved() -> None:
    status, problem = operate("POST", "/payments/differences/d1/resolve", {"because": "why"}, key="k1")
    assert (status, problem["error"]) == (404, "NotFound")
    assert aws.call(api.handler, "GET", "/payments/differences")[0] == 403


def test_one_payment_that_cannot_be_looked_at_holds_up_no_other(processor: Processor, clock: Clock) -> None:
    processor.disturb("confirm", answer_lost, answer_lost)
    outcome(charge)
    outcome(lambda: charge("o2"))
    processor.disturb("retrieve", answered(200, b"[]"))
    with pytest.raises(NotReconciled):
        reconcile(clock)
    assert sorted([*events("o1"), *events("o2")]) == ["PaymentCaptured"]
    assert [kind for kind, _, _ in listed()] == ["PAYMENT_UNREADABLE"]
    reconcile(clock)
    assert [*events("o1"), *events("o2")] == ["PaymentCaptured"] * 2
    assert listed() == []


def test_a_run_without_the_processor_loses_nothing(processor: Processor, clock: Clock) -> None:
    sold()
    processor.disturb("transactions", request_lost)
    assert outcome(lambda: reconcile(clock)) == "ProcessorUnavailable"
    assert reconcile(clock)["movements"] == 1
    assert len(settled()) == 1


def test_an_undo_agrees_as_well(clock: Clock) -> None:
    charge()
    refund()
    assert reconcile(clock) == {"movements": 2, "looked": 0}
    assert settled() == [("processor_fees", "processor_receivable", FEE)]


def test_a_run_that_was_overtaken_posts_nothing(clock: Clock, processor: Processor) -> None:
    sold()
    line: dict[str, Any] = {}
    clock.advance(2 * HOUR)
    processor.disturb("transactions", delayed(lambda: reconciliation.reconcile.run({})))
    reconciliation.reconcile.run(line)
    assert settled() == [("processor_fees", "processor_receivable", FEE)]


def test_a_window_is_in_the_ledger_and_sealed_like_any_commit(clock: Clock) -> None:
    sold()
    reconcile(clock)
    kinds = {one.pk for one in ledger.recorded(clock.now() - timedelta(hours=1), clock.now() + timedelta(1))}
    assert kinds == {"settlement#processor"}
