"""Payments dies at any moment. A repetition or an undo afterwards leaves the money right."""

from typing import Any

import pytest

from tests.support.moments import Moments, die
from tests.support.payments import (
    CAPTURED,
    OUTCOMES,
    REPAID,
    REPAYING,
    assert_nothing_kept,
    charge,
    charges,
    events,
    refund,
    refunds,
)
from tests.support.processor import Processor

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


@charges
def test_a_charge_that_dies_at_any_moment_and_is_repeated_captures_once(
    moments: Moments, processor: Processor, until_done: Any, method: str, forgetful: bool
) -> None:
    processor.forgetful = forgetful
    answer, facts, captured = OUTCOMES[method]
    for order_id in moments.each(lambda order: charge(order, method), lambda order: die()):
        assert until_done(lambda order=order_id: charge(order, method)) == answer
        books = processor.books(order_id)
        assert (books.captured, books.captures, books.refunded) == (captured, min(captured, 1), 0)
        assert events(order_id) == facts


@charges
def test_a_charge_that_dies_at_any_moment_can_be_undone_for_good(
    moments: Moments, processor: Processor, until_done: Any, method: str, forgetful: bool
) -> None:
    processor.forgetful = forgetful
    for order_id in moments.each(lambda order: charge(order, method), lambda order: die()):
        assert until_done(lambda order=order_id: refund(order)) in {"VOIDED", "REFUNDED", "DECLINED"}
        assert until_done(lambda order=order_id: charge(order, method)) in {"ChargeVoided", "PaymentDeclined"}
        assert_nothing_kept(processor, order_id)


@refunds
def test_a_refund_that_dies_at_any_moment_and_is_repeated_gives_back_once(
    moments: Moments, processor: Processor, until_done: Any, given: Any, forgetful: bool
) -> None:
    processor.forgetful = forgetful
    for order_id in moments.each(refund, lambda order: die(), given=given):
        assert until_done(lambda order=order_id: refund(order)) == "REFUNDED"
        assert processor.books(order_id) == REPAID
        assert events(order_id) == [CAPTURED, *REPAYING]
