"""Disputes as payments meets them: an undo waits for the bank, a refund gives way, hints count once."""

from functools import partial
from typing import Any

import pytest

from payments import refund_rows, sale_refunds, store, tasks, webhook_rows
from payments.disputes import Disputed
from payments.intents import DisputeProgress, RefundProgress
from tests.support import aws, webhooks
from tests.support.clock import Clock
from tests.support.payments import charge, events, intent_of, outcome, refund
from tests.support.processor import Account, Processor, answer_lost
from tests.support.sale_refunds import ask, operate, see_to, sold

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "processor", "clock")

HOUR, DAY = 3600, 86_400
OPENED, WON, LOST = "DisputeOpened", "DisputeWon", "DisputeLost"


@pytest.fixture
def hooked(service: None, processor: Processor, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Webhooks reach payments; the bodies that were sent."""
    sent = webhooks.connected(monkeypatch)
    assert webhooks.register() == (200, {"url": "https://shop.invalid/v1/payments/webhooks"})
    return sent


def balances(order_id: str = "o1") -> tuple[int, int, int]:
    """What the order's account holds, what the processor owes us for it, and what is disputed or lost."""
    payment = store.load(order_id).state
    taken = payment.disputed(DisputeProgress.OPEN, DisputeProgress.LOST)
    return payment.held, payment.receivable, taken


def test_an_undo_during_a_dispute_gives_nothing_back_and_says_so_at_once(processor: Processor) -> None:
    charge(method="pm_dispute_at_once")
    with pytest.raises(Disputed):
        refund()
    assert processor.calls.count("refund") == 0
    assert balances() == (1250, -1500, 1250)
    assert outcome(refund) == "Disputed"
    assert events()[-2:] == ["RefundStarted", OPENED]


def test_an_undo_ends_when_the_bank_has_given_the_money_back(processor: Processor, clock: Clock) -> None:
    charge(method="pm_dispute_at_once")
    assert outcome(refund) == "Disputed"
    clock.advance(HOUR)
    assert refund() == "REFUNDED"
    assert refund() == "REFUNDED"
    assert balances() == (0, -1500, 1250)
    assert processor.books("o1") == Account(1, 1, 1250, 0)
    assert events() == ["PaymentCaptured", "RefundStarted", OPENED, LOST, "PaymentRefunded"]
    status = tasks.payment_status({"order_id": "o1"}, None)
    assert (status["undone"], status["held"]) == (True, False)


@pytest.mark.parametrize(
    ("method", "last", "after"),
    [("pm_dispute_won", WON, (0, -250, 0)), ("pm_dispute_lost", LOST, (0, -1500, 1250))],
)
def test_a_dispute_of_a_sale_is_posted_when_the_processor_hints_at_it(
    clock: Clock, hooked: list[bytes], method: str, last: str, after: tuple[int, int, int]
) -> None:
    sold(method)
    webhooks.send()
    assert hooked == []
    clock.advance(2 * DAY)
    webhooks.send()
    assert events()[-1] == OPENED
    assert balances() == (0, -1500, 1250)
    clock.advance(10 * DAY)
    webhooks.send()
    assert (events()[-1], len(hooked)) == (last, 2)
    assert balances() == after


def test_a_hint_that_comes_again_changes_nothing(clock: Clock, hooked: list[bytes]) -> None:
    sold("pm_dispute_lost")
    clock.advance(2 * DAY)
    webhooks.send()
    before = aws.items("payments")
    assert webhooks.repeat(hooked[0])[0] == 200
    assert aws.items("payments") == before


def test_a_hint_that_comes_again_after_more_has_happened_leads_to_that(
    clock: Clock, hooked: list[bytes]
) -> None:
    sold("pm_dispute_lost")
    clock.advance(2 * DAY)
    webhooks.send()
    clock.advance(10 * DAY)
    assert [webhooks.repeat(hooked[0])[0] for _ in range(2)] == [200, 200]
    assert events()[-2:] == [OPENED, LOST]


@pytest.mark.usefixtures("hooked")
def test_a_refund_that_a_hint_says_has_failed_is_listed_at_once(clock: Clock) -> None:
    sold("pm_refund_fails_later")
    refund = ask(300)[1]["id"]
    assert see_to(clock) == []
    clock.advance(3 * DAY)
    for _ in range(2):
        webhooks.send()
    assert events()[-1] == "SaleRefundFailed"
    assert [one["id"] for one in operate("GET", "/payments/refunds/failed")[1]["refunds"]] == [refund]


@pytest.mark.usefixtures("hooked")
def test_an_open_dispute_cannot_be_resolved_by_hand(clock: Clock) -> None:
    sold("pm_dispute_lost")
    clock.advance(2 * DAY)
    webhooks.send()
    (listed,) = operate("GET", "/payments/differences")[1]["differences"]
    path = f"/payments/differences/{listed['id']}/resolve"
    assert operate("POST", path, {"because": "answered"}, key="k1")[1]["error"] == "StillDisputed"


@pytest.mark.usefixtures("hooked")
def test_a_hint_at_a_payment_that_the_processor_does_not_have_is_an_item() -> None:
    body = webhooks.event("payment_intent.succeeded", "pi_nobody")
    assert webhooks.repeat(body)[0] == 200
    (listed,) = operate("GET", "/payments/differences")[1]["differences"]
    assert (listed["kind"], listed["reference"]) == ("PAYMENT_UNREADABLE", "pi_nobody")
    assert webhooks.repeat(b'{"id": "evt_2", "type": "balance.available", "data": {"object": {}}}')[0] == 200


@pytest.mark.usefixtures("hooked")
def test_what_precedes_a_hint_is_posted_first(processor: Processor, clock: Clock) -> None:
    processor.disturb("confirm", answer_lost)
    outcome(lambda: charge(method="pm_dispute_lost"))
    assert events() == []
    clock.advance(12 * DAY)
    webhooks.send()
    assert events() == ["PaymentCaptured", OPENED, LOST]


def test_a_refund_that_waits_is_asked_for_when_the_dispute_is_won(processor: Processor, clock: Clock) -> None:
    sold("pm_dispute_won")
    ask(300)
    clock.advance(2 * DAY)
    assert see_to(clock) == []
    assert processor.calls.count("refund") == 0
    assert see_to(clock, after=10 * DAY) == []
    assert processor.books("o1").refunded == 300
    assert events()[-3:] == [OPENED, WON, "SaleRefunded"]


def test_a_refund_that_waits_is_paid_by_the_bank_when_the_dispute_is_lost(
    processor: Processor, clock: Clock
) -> None:
    sold("pm_dispute_lost")
    ask(300)
    clock.advance(2 * DAY)
    assert see_to(clock) == []
    assert see_to(clock, after=10 * DAY) == []
    assert processor.books("o1").refunded == 0
    known = next(iter(store.load("o1").state.refunds.values()))
    assert (known.progress, known.is_covered) == (RefundProgress.FAILED, True)
    assert balances() == (0, -1500, 1250)
    assert operate("GET", "/payments/refunds/failed")[1] == {"refunds": []}
    assert events()[-3:] == [OPENED, LOST, "SaleRefundFailed"]


@pytest.mark.usefixtures("hooked")
def test_a_failed_refund_leaves_the_operators_list_when_a_bank_has_paid_it(clock: Clock) -> None:
    sold("pm_dispute_lost")
    ask(300)
    listed = _failed(clock)
    assert len(listed) == 1
    clock.advance(12 * DAY)
    webhooks.send()
    assert operate("GET", "/payments/refunds/failed")[1] == {"refunds": []}


def _failed(clock: Clock) -> list[Any]:
    """The refund has failed, as if the processor had said so."""
    (id,) = store.load("o1").state.refunds
    refused = partial(sale_refunds.refuse, refund=id, attempt=1, reason="unknown")
    head = store.record(store.load("o1"), refused, cause="test")
    refund_rows.put_off(refund_rows.Row("o1", id), head.state.refunds[id], now=clock.now())
    return list(operate("GET", "/payments/refunds/failed")[1]["refunds"])


@pytest.mark.usefixtures("hooked")
def test_a_webhook_that_is_not_signed_with_our_secret_is_refused() -> None:
    charge()
    body = webhooks.event("payment_intent.succeeded", intent_of())
    assert webhooks.post(body, {"Stripe-Signature": "t=1,v1=0"})[0] == 400
    assert webhooks.post(body, {})[1]["error"] == "UntrustedWebhook"
    assert webhooks.repeat(body, secret="whsec_another")[0] == 400
    assert webhooks.repeat(body)[0] == 200


def test_nothing_is_trusted_before_the_address_is_registered() -> None:
    assert webhook_rows.secret() is None
    assert webhooks.post(b"{}", {"Stripe-Signature": "t=1,v1=0"})[0] == 400


def test_only_an_operator_registers_the_address() -> None:
    assert webhooks.register(role="customer")[0] == 403


@pytest.mark.usefixtures("hooked")
def test_a_registration_ends_the_one_before(clock: Clock) -> None:
    earlier = webhook_rows.secret()
    clock.advance(1)
    webhooks.register()
    assert webhook_rows.secret() != earlier
    body = webhooks.event("payment_intent.succeeded", "pi_unknown")
    assert webhooks.repeat(body, secret=earlier)[0] == 400


@pytest.mark.usefixtures("hooked")
def test_a_hint_at_a_payment_that_is_no_order_of_ours_is_an_item_for_operators() -> None:
    charge()
    foreign = webhooks.foreign()
    body = webhooks.event("payment_intent.succeeded", foreign)
    assert webhooks.repeat(body)[0] == 200
    assert webhooks.repeat(body)[0] == 200
    (listed,) = operate("GET", "/payments/differences")[1]["differences"]
    assert (listed["kind"], listed["reference"], listed["order_id"]) == ("UNKNOWN_PAYMENT", foreign, "")
    assert listed["amount"] == {"amount": 700, "currency": "EUR"}


@pytest.mark.usefixtures("hooked")
def test_a_hint_about_no_payment_is_taken(processor: Processor) -> None:
    before = len(processor.calls)
    body = webhooks.event("payout.paid", "po_1", kind="payout")
    assert webhooks.repeat(body)[0] == 200
    assert len(processor.calls) == before
