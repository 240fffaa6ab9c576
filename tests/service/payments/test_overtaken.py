"""Two runs of payments meet at any moment, and leave the money right."""

import json
from typing import Any

import pytest

from payments import registrations
from tests.support.moments import Moments
from tests.support.payments import (
    CAPTURED,
    OUTCOMES,
    PAID,
    REPAID,
    REPAYING,
    assert_nothing_kept,
    charge,
    charges,
    events,
    given_charged,
    given_pending_captured,
    intent_of,
    outcome,
    refund,
    refunds,
)
from tests.support.processor import Answer, Apply, Processor

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


@charges
def test_a_charge_overtaken_by_its_undo_at_any_moment_keeps_no_money(
    moments: Moments, processor: Processor, until_done: Any, method: str, forgetful: bool
) -> None:
    processor.forgetful = forgetful

    def undo(order: str) -> None:
        assert until_done(lambda: refund(order)) in {"VOIDED", "REFUNDED", "DECLINED"}

    for order_id in moments.each(lambda order: charge(order, method), undo):
        assert_nothing_kept(processor, order_id)
        assert until_done(lambda order=order_id: charge(order, method)) in {"ChargeVoided", "PaymentDeclined"}
        assert_nothing_kept(processor, order_id)


@refunds
def test_two_refunds_at_once_give_back_once(
    moments: Moments, processor: Processor, until_done: Any, given: Any, forgetful: bool
) -> None:
    processor.forgetful = forgetful
    for order_id in moments.each(refund, refund, given=given):
        assert until_done(lambda order=order_id: refund(order)) == "REFUNDED"
        assert processor.books(order_id) == REPAID
        assert events(order_id) == [CAPTURED, *REPAYING]


@charges
def test_two_charges_at_once_capture_once(
    moments: Moments, processor: Processor, until_done: Any, method: str, forgetful: bool
) -> None:
    processor.forgetful = forgetful
    answer, facts, captured = OUTCOMES[method]

    def second(order: str) -> None:
        assert until_done(lambda: charge(order, method)) == answer

    for order_id in moments.each(lambda order: charge(order, method), second):
        assert until_done(lambda order=order_id: charge(order, method)) == answer
        books = processor.books(order_id)
        assert (books.captured, books.captures, books.refunded) == (captured, min(captured, 1), 0)
        assert events(order_id) == facts


@pytest.mark.parametrize("given", [None, given_charged, given_pending_captured])
def test_an_undo_overtaken_by_a_charge_at_any_moment_keeps_no_money(
    moments: Moments, processor: Processor, until_done: Any, given: Any
) -> None:
    def late(order: str) -> None:
        outcome(lambda: charge(order))

    for order_id in moments.each(refund, late, given=given):
        assert until_done(lambda order=order_id: refund(order)) in {"VOIDED", "REFUNDED"}
        assert_nothing_kept(processor, order_id)


def declined(order_id: str) -> Answer:
    """The processor declines the payment that is on record."""
    error = {"code": "card_declined"}
    said: dict[str, Any] = {
        "id": intent_of(order_id),
        "status": "requires_payment_method",
        "last_payment_error": error,
    }
    said |= {"amount": 1250, "currency": "eur"}
    return Answer(402, json.dumps({"error": {**error, "payment_intent": said}}).encode())


def test_a_charge_that_hears_a_decline_after_its_twin_has_captured_is_no_refusal(
    processor: Processor,
) -> None:
    def confirm(apply: Apply) -> Answer:
        assert charge() == "CAPTURED"
        return declined("o1")

    processor.disturb("confirm", confirm)
    assert [outcome(charge), outcome(charge)] == ["CAPTURED", "CAPTURED"]
    assert (processor.books("o1"), events()) == (PAID, [CAPTURED])


def test_a_charge_that_found_no_method_in_time_for_its_twin_is_no_refusal(
    processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = registrations.load

    def overtaken(method_id: str, *, customer_id: str) -> None:
        monkeypatch.setattr(registrations, "load", load)
        assert charge() == "CAPTURED"

    monkeypatch.setattr(registrations, "load", overtaken)
    assert [outcome(charge), outcome(charge)] == ["Contended", "CAPTURED"]
    assert (processor.books("o1"), events()) == (PAID, [CAPTURED])


def test_a_capture_that_is_heard_after_the_twins_decline_is_on_record_goes_back(processor: Processor) -> None:
    def confirm(apply: Apply) -> Answer:
        processor.disturb("confirm", lambda apply: declined("o1"))
        assert outcome(charge) == "PaymentDeclined"
        return apply()

    processor.disturb("confirm", confirm)
    assert [outcome(charge), outcome(charge)] == ["PaymentDeclined", "PaymentDeclined"]
    assert processor.books("o1") == PAID
    assert refund() == "REFUNDED"
    assert (processor.books("o1"), events()) == (REPAID, ["PaymentDeclined", CAPTURED, *REPAYING])
