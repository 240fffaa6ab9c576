"""Payments' decisions: every decision in every status, from our books and the processor's answers."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from kernel.errors import Fault, Refusal
from kernel.money import Money
from payments import domain
from payments.domain import (
    CaptureStillPossible,
    ChargeVoided,
    PaymentDeclined,
    RefundFailed,
    SaleTooEarly,
    StillProcessing,
)
from payments.entries import Declined, Entries
from payments.intents import Intent, Progress, Reason, Refund, RefundProgress
from payments.payment import BooksDiffer, Status
from tests.support.given import folded, given
from tests.support.payment_histories import (
    AFTER_SALE,
    CAPTURED,
    CHARGE,
    DECLINED,
    HISTORIES,
    OTHER,
    REFUND,
    REFUND_STARTED,
    REFUNDED,
    SOLD,
    STARTED,
    TOTAL,
    VOIDED,
)


def at(progress: Progress, amount: Money = TOTAL) -> Intent:
    return Intent("pi_1", progress, amount, Reason.EXPIRED_CARD)


ASKED: Mapping[str, partial[Entries]] = {
    "start": partial(domain.start, charge=CHARGE),
    "settle, captured": partial(domain.settle, intent=at(Progress.CAPTURED)),
    "settle, declined": partial(domain.settle, intent=at(Progress.DECLINED)),
    "undo": partial(domain.undo, refund=REFUND),
    "undo, cancelled": partial(domain.undo_cancelled, intent=at(Progress.CANCELLED), refund=REFUND),
    "undo, captured": partial(domain.undo_cancelled, intent=at(Progress.CAPTURED), refund=REFUND),
    "sell": partial(domain.sell),
}
UNDONE = {"VOIDED", "TOMBSTONE", "REFUNDING", "REFUNDED"}
# A refund after the sale changes no decision before it.
SALES = ("SOLD", *AFTER_SALE)
# What each decision answers: entries, none of them when it is done already, or a refusal or fault.
NEVER_AGAIN: dict[str, Any] = dict.fromkeys(UNDONE, ChargeVoided)
BACK: dict[str, Any] = {"NONE": (VOIDED,), "CAPTURED": (REFUND_STARTED,), **dict.fromkeys(UNDONE, ())}
BACK |= dict.fromkeys(SALES, BooksDiffer)
DONE: dict[str, Any] = dict.fromkeys(("CAPTURED", "DECLINED", *SALES), ())
ANSWERS: dict[str, dict[str, Any]] = {
    "start": {"NONE": (STARTED,), "PENDING": (), **DONE, **NEVER_AGAIN},
    "settle, captured": {"NONE": ChargeVoided, "PENDING": (CAPTURED,), **DONE, **NEVER_AGAIN},
    # The processor may decline a payment that it does not even create.
    "settle, declined": {"NONE": (DECLINED,), "PENDING": (DECLINED,), **DONE, **NEVER_AGAIN},
    "undo": {**BACK, "PENDING": CaptureStillPossible, "DECLINED": CaptureStillPossible},
    "undo, cancelled": {**BACK, "PENDING": (VOIDED,), "DECLINED": ()},
    "undo, captured": {
        **BACK,
        "PENDING": (CAPTURED, REFUND_STARTED),
        "DECLINED": (CAPTURED, REFUND_STARTED),
    },
    "sell": {
        "NONE": SaleTooEarly,
        "PENDING": SaleTooEarly,
        "CAPTURED": (SOLD,),
        "DECLINED": BooksDiffer,
        **dict.fromkeys(SALES, ()),
        **dict.fromkeys(UNDONE, BooksDiffer),
    },
}


@pytest.mark.parametrize("status", HISTORIES)
@pytest.mark.parametrize("decision", ANSWERS)
def test_every_decision_in_every_status(decision: str, status: str) -> None:
    answer = ANSWERS[decision][status]
    asked = given(*HISTORIES[status]).when(ASKED[decision])
    if isinstance(answer, type):
        asked.then_refused(answer)
    else:
        asked.then(*answer)


@pytest.mark.parametrize("status", HISTORIES)
def test_a_decision_that_was_carried_out_is_not_carried_out_again(status: str) -> None:
    for decision, answers in ANSWERS.items():
        done = answers[status]
        if not isinstance(done, type):
            again = given(*HISTORIES[status], *done).when(ASKED[decision])
            again.then_nothing_happened()


@pytest.mark.parametrize("status", ["NONE", "PENDING", "CAPTURED", "DECLINED", *SALES])
def test_a_total_is_open_until_it_is_undone(status: str) -> None:
    domain.must_be_open(folded(HISTORIES[status]), TOTAL)


@pytest.mark.parametrize("status", sorted(UNDONE))
def test_a_payment_that_was_undone_is_never_charged(status: str) -> None:
    with pytest.raises(ChargeVoided):
        domain.must_be_open(folded(HISTORIES[status]), TOTAL)


@pytest.mark.parametrize("status", ["PENDING", "CAPTURED", *SALES])
@pytest.mark.parametrize("total", [OTHER, Money(1250, "USD")])
def test_another_amount_than_the_one_on_record_is_a_fault(status: str, total: Money) -> None:
    with pytest.raises(BooksDiffer):
        domain.must_be_open(folded(HISTORIES[status]), total)


def test_a_decline_is_told_again_with_the_same_reason() -> None:
    with pytest.raises(PaymentDeclined, match="expired_card") as refused:
        domain.outcome(folded(HISTORIES["DECLINED"]))
    assert refused.value.data == {"reason": "expired_card"}


@pytest.mark.parametrize("status", ["CAPTURED", *SALES])
def test_a_charge_that_was_captured_answers_how_it_stands(status: str) -> None:
    stands = "SOLD" if status in SALES else "CAPTURED"
    assert domain.outcome(folded(HISTORIES[status])) == stands


@pytest.mark.parametrize(
    ("intent", "error"),
    [
        (at(Progress.PROCESSING), StillProcessing),
        (at(Progress.UNCONFIRMED), StillProcessing),
        (at(Progress.AUTHENTICATION_REQUIRED), StillProcessing),
        (at(Progress.CANCELLED), ChargeVoided),
        (at(Progress.CAPTURED, OTHER), BooksDiffer),
        (at(Progress.CAPTURED, Money(1250, "USD")), BooksDiffer),
    ],
)
def test_a_confirmation_without_a_usable_outcome_settles_nothing(
    intent: Intent, error: type[Exception]
) -> None:
    given(STARTED).when(domain.settle, intent=intent).then_refused(error)


@pytest.mark.parametrize(
    "progress",
    [Progress.PROCESSING, Progress.UNCONFIRMED, Progress.AUTHENTICATION_REQUIRED, Progress.DECLINED],
)
@pytest.mark.parametrize("status", ["PENDING", "DECLINED"])
def test_a_cancel_that_did_not_hold_undoes_nothing(status: str, progress: Progress) -> None:
    asked = given(*HISTORIES[status]).when(domain.undo_cancelled, intent=at(progress), refund=REFUND)
    asked.then_refused(StillProcessing)


def test_a_capture_of_another_amount_that_is_found_while_cancelling_is_a_fault() -> None:
    intent = at(Progress.CAPTURED, OTHER)
    given(STARTED).when(domain.undo_cancelled, intent=intent, refund=REFUND).then_refused(BooksDiffer)


@pytest.mark.parametrize("refunds", [(1250,), (1000, 250)])
def test_a_refund_ends_when_all_of_it_has_gone_back_and_only_once(refunds: tuple[int, ...]) -> None:
    asked = {"refunds": refunds, "refund": REFUND}
    given(*HISTORIES["REFUNDING"]).when(domain.refunded, **asked).then(REFUNDED)
    given(*HISTORIES["REFUNDED"]).when(domain.refunded, **asked).then_nothing_happened()


@pytest.mark.parametrize("refunds", [(), (1249,), (1250, 1)])
def test_a_refund_of_another_sum_is_a_fault(refunds: tuple[int, ...]) -> None:
    asked = given(*HISTORIES["REFUNDING"]).when(domain.refunded, refunds=refunds, refund=REFUND)
    asked.then_refused(BooksDiffer)


@pytest.mark.parametrize("status", ["NONE", "TOMBSTONE"])
def test_nothing_is_refunded_of_a_payment_that_was_never_charged(status: str) -> None:
    asked = given(*HISTORIES[status]).when(domain.refunded, refunds=(1250,), refund=REFUND)
    asked.then_refused(BooksDiffer)


def test_only_a_payment_that_may_yet_capture_is_cancelled_at_the_processor() -> None:
    found = [status for status, entries in HISTORIES.items() if domain.may_yet_capture(folded(entries))]
    assert found == ["PENDING", "DECLINED"]


def test_only_a_final_payment_counts_as_undone_and_only_one_that_is_captured_and_kept_as_held() -> None:
    """A late charge may come to NONE, and only the processor knows whether one may come to DECLINED."""
    payments = {status: folded(entries) for status, entries in HISTORIES.items()}
    undone = {status for status, payment in payments.items() if payment.is_undone}
    held = {status for status, payment in payments.items() if payment.is_held}
    settled = {status for status, payment in payments.items() if payment.is_settled}
    assert (undone, held) == ({"VOIDED", "TOMBSTONE", "REFUNDED"}, {"CAPTURED", *SALES})
    assert settled == {"CAPTURED", "DECLINED", *SALES}


def test_the_histories_of_these_tests_reach_every_status() -> None:
    reached = {status: folded(entries).status.value for status, entries in HISTORIES.items()}
    of_its_name = {status.value: status.value for status in Status}
    assert reached == {**of_its_name, "TOMBSTONE": "VOIDED", **dict.fromkeys(AFTER_SALE, "SOLD")}


def test_what_the_saga_catches_is_a_refusal_and_what_it_retries_is_not() -> None:
    refusals = (PaymentDeclined, ChargeVoided, domain.UnknownPaymentMethod)
    assert all(issubclass(one, Refusal) for one in refusals)
    faults = (StillProcessing, BooksDiffer, CaptureStillPossible, SaleTooEarly)
    assert all(issubclass(one, Fault) and not issubclass(one, Refusal) for one in faults)


def refund(progress: RefundProgress, ours: str = "ours", amount: int = 1250) -> Refund:
    return Refund("re_1", ours, Money(amount, "EUR"), progress)


GIVEN, FAILED, UNDER_WAY = (
    refund(progress) for progress in (RefundProgress.SUCCEEDED, RefundProgress.FAILED, RefundProgress.PENDING)
)
FOREIGN = refund(RefundProgress.SUCCEEDED, "", 250)


@pytest.mark.parametrize(
    ("known", "must"),
    [
        ((), True),
        ((refund(RefundProgress.FAILED, "another"),), True),
        ((GIVEN,), False),
        ((UNDER_WAY,), False),
        ((FAILED,), True),
        ((FAILED, GIVEN), False),
        ((FOREIGN,), False),
    ],
)
def test_money_may_go_back_while_no_refund_has_given_it(known: tuple[Refund, ...], must: bool) -> None:
    assert domain.has_all_failed(known) is must


def test_what_has_gone_back_is_what_has_succeeded() -> None:
    assert domain.given_back((GIVEN,), "ours") == (1250,)
    assert domain.given_back((FOREIGN, GIVEN), "ours") == (250, 1250)
    assert domain.given_back((refund(RefundProgress.FAILED, "another"), GIVEN), "ours") == (1250,)


@pytest.mark.parametrize(("known", "fault"), [((UNDER_WAY,), StillProcessing), ((FAILED,), RefundFailed)])
def test_a_refund_that_is_not_done_is_a_fault(known: tuple[Refund, ...], fault: type[Fault]) -> None:
    with pytest.raises(fault):
        domain.given_back(known, "ours")


def test_a_payment_that_the_processor_never_made_is_declined_and_undone_without_it() -> None:
    never = Intent("", Progress.DECLINED, TOTAL, Reason.AMOUNT_REFUSED)
    declined = Declined(reason="amount_refused")
    given().when(domain.settle, intent=never).then(declined)
    given(declined).when(domain.undo, refund=REFUND).then(VOIDED)
    assert not domain.may_yet_capture(folded((declined,)))
