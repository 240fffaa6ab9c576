"""Two runs of payments meet at any moment, and leave the money right."""

from typing import Any

import pytest

from tests.support.moments import Moments
from tests.support.payments import (
    CAPTURED,
    OUTCOMES,
    REPAID,
    REPAYING,
    assert_nothing_kept,
    charge,
    charges,
    events,
    given_charged,
    given_pending_captured,
    outcome,
    refund,
    refunds,
)
from tests.support.processor import Processor

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
