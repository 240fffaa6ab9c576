"""Payments' decisions, from our books and the processor's answers given as values."""

from dataclasses import replace

import pytest

from kernel.errors import Fault, Refusal
from kernel.events import Decision
from kernel.money import Money
from payments import domain, events
from payments.domain import (
    BooksDiffer,
    Charge,
    ChargeVoided,
    Payment,
    PaymentDeclined,
    Status,
    StillProcessing,
)
from payments.intents import Intent, Progress, Reason

TOTAL, OTHER = Money(1250, "EUR"), Money(1251, "EUR")
CHARGE = Charge("alice", TOTAL, "pi_1")
NONE = Payment("o1")
PENDING = Payment("o1", Status.PENDING, CHARGE, version=1)
CAPTURED = replace(PENDING, status=Status.CAPTURED, sequence=1, version=2)
DECLINED = replace(PENDING, status=Status.DECLINED, reason="expired_card", sequence=1, version=2)
VOIDED = Payment("o1", Status.VOIDED, sequence=1, version=1)
REFUNDING = replace(CAPTURED, status=Status.REFUNDING, sequence=2, version=3)
REFUNDED = replace(CAPTURED, status=Status.REFUNDED, sequence=3, version=4)

CAPTURED_FACT = events.PaymentCaptured(order_id="o1", amount=TOTAL)
VOIDED_FACT = events.PaymentVoided(order_id="o1")
REFUND_FACT = events.RefundStarted(order_id="o1", amount=TOTAL)


def at(progress: Progress, amount: Money = TOTAL) -> Intent:
    return Intent("pi_1", progress, amount, Reason.EXPIRED_CARD)


@pytest.mark.parametrize(("payment", "still"), [(NONE, True), (PENDING, True), (CAPTURED, False)])
def test_a_total_is_open_until_it_is_captured(payment: Payment, still: bool) -> None:
    domain.must_be_open(payment, TOTAL)
    assert (not payment.is_settled) is still


@pytest.mark.parametrize("payment", [VOIDED, REFUNDING, REFUNDED])
def test_a_payment_that_was_undone_is_never_charged(payment: Payment) -> None:
    with pytest.raises(ChargeVoided):
        domain.must_be_open(payment, TOTAL)


def test_a_decline_is_told_again_with_the_same_reason() -> None:
    with pytest.raises(PaymentDeclined, match="expired_card") as refused:
        domain.outcome(DECLINED)
    assert refused.value.data == {"reason": "expired_card"}


@pytest.mark.parametrize("payment", [PENDING, CAPTURED])
@pytest.mark.parametrize("total", [OTHER, Money(1250, "USD")])
def test_another_amount_than_the_one_on_record_is_a_fault(payment: Payment, total: Money) -> None:
    with pytest.raises(BooksDiffer):
        domain.must_be_open(payment, total)


def test_a_started_payment_holds_the_processors_id_and_is_no_news_for_others() -> None:
    decision = domain.start(NONE, CHARGE)
    assert decision == Decision(Payment("o1", Status.PENDING, CHARGE), unpublished=True)


def test_a_confirmation_captures() -> None:
    decision = domain.settle(PENDING, at(Progress.CAPTURED))
    assert (decision.state.status, decision.facts) == (Status.CAPTURED, (CAPTURED_FACT,))


def test_a_confirmation_declines_with_its_reason() -> None:
    decision = domain.settle(PENDING, at(Progress.DECLINED))
    assert (decision.state.status, decision.state.reason) == (Status.DECLINED, "expired_card")
    assert decision.facts == (events.PaymentDeclined(order_id="o1", reason="expired_card"),)


@pytest.mark.parametrize(
    ("intent", "error"),
    [
        (at(Progress.PROCESSING), StillProcessing),
        (at(Progress.UNCONFIRMED), StillProcessing),
        (at(Progress.CANCELLED), ChargeVoided),
        (at(Progress.CAPTURED, OTHER), BooksDiffer),
    ],
)
def test_a_confirmation_without_a_usable_outcome_settles_nothing(
    intent: Intent, error: type[Exception]
) -> None:
    with pytest.raises(error):
        domain.settle(PENDING, intent)


def test_only_a_payment_that_may_yet_capture_is_cancelled_at_the_processor() -> None:
    every = (NONE, PENDING, CAPTURED, DECLINED, VOIDED, REFUNDING, REFUNDED)
    assert [one.status for one in every if domain.may_yet_capture(one)] == [Status.PENDING, Status.DECLINED]


@pytest.mark.parametrize(
    ("payment", "undone", "held"),
    [
        (NONE, False, False),  # a late charge may come
        (PENDING, False, False),
        (CAPTURED, False, True),
        (DECLINED, False, False),  # only the processor knows whether a late confirmation is ruled out
        (VOIDED, True, False),
        (replace(VOIDED, charge=CHARGE, version=2), True, False),
        (REFUNDING, False, False),
        (REFUNDED, True, False),
    ],
)
def test_only_a_final_payment_counts_as_undone_and_only_a_captured_one_as_held(
    payment: Payment, undone: bool, held: bool
) -> None:
    assert (payment.is_undone, payment.is_held) == (undone, held)


def test_undoing_a_payment_that_never_began_leaves_a_tombstone() -> None:
    decision = domain.undo(NONE)
    assert (decision.state, decision.facts) == (Payment("o1", Status.VOIDED), (VOIDED_FACT,))


def test_undoing_a_capture_notes_the_refund_before_it_is_made() -> None:
    decision = domain.undo(CAPTURED)
    assert (decision.state.status, decision.facts) == (Status.REFUNDING, (REFUND_FACT,))


@pytest.mark.parametrize("payment", [VOIDED, REFUNDING, REFUNDED])
def test_a_payment_that_is_undone_or_on_the_way_stays_so(payment: Payment) -> None:
    assert domain.undo(payment) == Decision(payment)


@pytest.mark.parametrize("payment", [PENDING, DECLINED])
def test_a_payment_that_may_yet_capture_is_not_undone_without_the_processor(payment: Payment) -> None:
    with pytest.raises(Fault):
        domain.undo(payment)


def test_a_pending_payment_that_was_cancelled_is_void() -> None:
    decision = domain.undo_cancelled(PENDING, at(Progress.CANCELLED))
    assert (decision.state.status, decision.facts) == (Status.VOIDED, (VOIDED_FACT,))


def test_a_declined_payment_that_was_cancelled_stays_declined() -> None:
    assert domain.undo_cancelled(DECLINED, at(Progress.CANCELLED)) == Decision(DECLINED)


@pytest.mark.parametrize("payment", [PENDING, DECLINED])
def test_a_capture_found_while_cancelling_is_booked_and_goes_back(payment: Payment) -> None:
    decision = domain.undo_cancelled(payment, at(Progress.CAPTURED))
    assert decision.state.status is Status.REFUNDING
    assert decision.facts == (CAPTURED_FACT, REFUND_FACT)


@pytest.mark.parametrize("progress", [Progress.PROCESSING, Progress.UNCONFIRMED, Progress.DECLINED])
def test_a_cancel_that_did_not_hold_undoes_nothing(progress: Progress) -> None:
    with pytest.raises(StillProcessing):
        domain.undo_cancelled(PENDING, at(progress))


@pytest.mark.parametrize("refunds", [(1250,), (1000, 250)])
def test_a_refund_ends_when_all_of_it_has_gone_back(refunds: tuple[int, ...]) -> None:
    decision = domain.refunded(REFUNDING, refunds)
    assert decision.state.status is Status.REFUNDED
    assert decision.facts == (events.PaymentRefunded(order_id="o1", amount=TOTAL),)


@pytest.mark.parametrize("refunds", [(), (1249,), (1250, 1)])
def test_a_refund_of_another_sum_is_a_fault(refunds: tuple[int, ...]) -> None:
    with pytest.raises(BooksDiffer):
        domain.refunded(REFUNDING, refunds)


def test_what_the_saga_catches_is_a_refusal_and_what_it_retries_is_not() -> None:
    refusals = (PaymentDeclined, ChargeVoided, domain.UnknownPaymentMethod)
    assert all(issubclass(one, Refusal) for one in refusals)
    assert not any(issubclass(one, Refusal) for one in (StillProcessing, BooksDiffer))
