"""Refunds after the sale, decided: what may go back, what the processor says, and what is owed."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as some

from kernel.errors import NotFound
from kernel.money import Money
from payments import entries, sale_refunds
from payments.chart import Posting
from payments.entries import Entries
from payments.facts import facts
from payments.intents import Refund, RefundProgress
from payments.payment import BooksDiffer, Payment, evolve
from payments.sale_refunds import RefundNotFailed, RefundTooLarge, SaleNotPosted, TooManyRefunds, Way
from tests.support.given import folded, given
from tests.support.payment_histories import (
    AFTER_SALE,
    AT,
    HISTORIES,
    KEY_CHANGED,
    PART,
    PART_FAILED,
    PART_REFUND,
    PART_REFUNDED,
    PART_REFUSED,
    PART_RETRIED,
    PART_STARTED,
    TOTAL,
)

SOLD = HISTORIES["SOLD"]
STARTED, CHANGED, GIVEN, REFUSED, LATE, RETRIED = AFTER_SALE.values()
PENDING, SUCCEEDED, FAILURE = RefundProgress
ask = partial(sale_refunds.ask, at=AT)
asked: dict[str, Any] = {"refund": PART_REFUND, "amount": PART}


def found(progress: RefundProgress, *, ours: str = PART_REFUND, amount: Money = PART) -> Refund:
    reason = "expired_or_canceled_card" if progress is FAILURE else ""
    return Refund("re_1", ours, amount, progress, reason)


def test_a_part_of_a_sale_goes_back_once_for_each_request() -> None:
    given(*SOLD).when(ask, **asked).then(PART_STARTED)
    given(*STARTED).when(ask, **asked).then_nothing_happened()


@pytest.mark.parametrize("history", AFTER_SALE)
def test_a_request_that_is_repeated_is_done_however_its_refund_stands(history: str) -> None:
    given(*AFTER_SALE[history]).when(ask, **asked).then_nothing_happened()


@pytest.mark.parametrize("history", sorted(HISTORIES.keys() - AFTER_SALE.keys() - {"NONE", "SOLD"}))
def test_nothing_goes_back_before_the_sale(history: str) -> None:
    given(*HISTORIES[history]).when(ask, **asked).then_refused(SaleNotPosted)


def test_nothing_goes_back_of_an_order_that_nobody_knows() -> None:
    given().when(ask, **asked).then_refused(NotFound)
    given(*SOLD).when(sale_refunds.retry, refund=PART_REFUND, at=AT).then_refused(NotFound)


@pytest.mark.parametrize("amount", [Money(951, "EUR"), Money(950, "USD")])
@pytest.mark.parametrize("history", AFTER_SALE.values(), ids=AFTER_SALE)
def test_no_more_goes_back_than_was_paid_and_what_failed_is_owed_still(
    history: Entries, amount: Money
) -> None:
    given(*history).when(ask, refund="refund-3", amount=amount).then_refused(RefundTooLarge)
    assert sale_refunds.available(folded(history)) == 950
    assert ask(folded(history), refund="refund-3", amount=Money(950, "EUR"))


def test_an_order_has_so_many_refunds_at_most() -> None:
    payment = folded(SOLD)
    for number in range(sale_refunds.MOST):
        for entry in ask(payment, refund=f"refund-{number}", amount=Money(1, "EUR")):
            payment = evolve(payment, entry)
    assert ask(payment, refund="refund-0", amount=Money(1, "EUR")) == ()
    with pytest.raises(TooManyRefunds) as refused:
        ask(payment, refund="another", amount=Money(1, "EUR"))
    assert refused.value.data == {"most": 50}


def test_a_sale_goes_back_in_parts_until_nothing_is_left() -> None:
    payment = folded(SOLD)
    for number, amount in enumerate((300, 300, 649, 1)):
        (entry,) = ask(payment, refund=f"refund-{number}", amount=Money(amount, "EUR"))
        payment = evolve(payment, entry)
    assert (payment.held, sale_refunds.available(payment)) == (1250, 0)
    with pytest.raises(RefundTooLarge) as refused:
        ask(payment, refund="another", amount=Money(1, "EUR"))
    assert refused.value.data == {"available": 0}


@pytest.mark.parametrize(
    ("history", "progress", "then"),
    [
        (STARTED, PENDING, ()),
        (STARTED, SUCCEEDED, (PART_REFUNDED,)),
        (STARTED, FAILURE, (PART_REFUSED,)),
        (CHANGED, SUCCEEDED, (PART_REFUNDED,)),
        (GIVEN, PENDING, ()),
        (GIVEN, SUCCEEDED, ()),
        (GIVEN, FAILURE, (PART_FAILED,)),
        (LATE, FAILURE, ()),
        (LATE, PENDING, ()),
        (REFUSED, FAILURE, ()),
        (REFUSED, PENDING, ()),
    ],
)
def test_what_the_processor_says_is_put_on_record(
    history: Entries, progress: RefundProgress, then: Entries
) -> None:
    given(*history).when(sale_refunds.follow, refund=PART_REFUND, found=found(progress)).then(*then)


@pytest.mark.parametrize("progress", RefundProgress)
@pytest.mark.parametrize("amount", [Money(299, "EUR"), Money(301, "EUR"), Money(300, "USD")])
@pytest.mark.parametrize("history", [STARTED, CHANGED, GIVEN, REFUSED, LATE])
def test_a_refund_of_another_amount_is_a_fault(
    history: Entries, amount: Money, progress: RefundProgress
) -> None:
    other = found(progress, amount=amount)
    given(*history).when(sale_refunds.follow, refund=PART_REFUND, found=other).then_refused(BooksDiffer)


@pytest.mark.parametrize("history", [REFUSED, LATE])
def test_a_failure_that_turns_out_to_be_none_is_a_fault(history: Entries) -> None:
    again = given(*history).when(sale_refunds.follow, refund=PART_REFUND, found=found(SUCCEEDED))
    again.then_refused(BooksDiffer)


@pytest.mark.parametrize("progress", RefundProgress)
def test_an_answer_about_an_older_attempt_changes_nothing(progress: RefundProgress) -> None:
    follow = partial(sale_refunds.follow, refund=PART_REFUND)
    given(*RETRIED).when(follow, found=found(progress)).then_nothing_happened()
    newest = found(SUCCEEDED, ours="refund-2-2")
    given(*RETRIED).when(follow, found=newest).then(PART_REFUNDED)


def test_only_what_failed_is_asked_for_anew_and_under_another_id() -> None:
    for history in (STARTED, CHANGED, GIVEN, RETRIED):
        again = given(*history).when(sale_refunds.retry, refund=PART_REFUND, at=AT)
        again.then_refused(RefundNotFailed)
    for history in (REFUSED, LATE):
        given(*history).when(sale_refunds.retry, refund=PART_REFUND, at=AT).then(PART_RETRIED)
    third = entries.SaleRefundRetried(refund=PART_REFUND, attempt=3, at=AT)
    given(*RETRIED, PART_REFUSED).when(sale_refunds.retry, refund=PART_REFUND, at=AT).then(third)


def test_an_attempt_that_is_not_made_fails_once() -> None:
    refuse = partial(sale_refunds.refuse, refund=PART_REFUND, attempt=1, reason="disputed")
    given(*STARTED).when(refuse).then(entries.SaleRefundFailed(refund=PART_REFUND, reason="disputed"))
    for history in (GIVEN, REFUSED, LATE, RETRIED):
        given(*history).when(refuse).then_nothing_happened()
    again = partial(sale_refunds.refuse, refund=PART_REFUND, attempt=2, reason="disputed")
    given(*RETRIED).when(again).then(entries.SaleRefundFailed(refund=PART_REFUND, reason="disputed"))


@pytest.mark.parametrize(("way", "account"), [(Way.BANK, "bank"), (Way.WALLET, "goodwill")])
def test_a_refund_that_failed_may_go_back_otherwise_once(way: Way, account: str) -> None:
    paid = Posting("sale_refund", "order", account, 300, "EUR")
    settled = entries.SaleRefundSettled(refund=PART_REFUND, by=way, postings=(paid,))
    settle = partial(sale_refunds.settle, refund=PART_REFUND, by=way)
    for history in (REFUSED, LATE):
        given(*history).when(settle).then(settled)
        ended = folded((*history, settled))
        assert (ended.held, sale_refunds.available(ended)) == (0, 950)
        given(*history, settled).when(settle).then_refused(RefundNotFailed)
        given(*history, settled).when(sale_refunds.retry, refund=PART_REFUND, at=AT).then_refused(
            RefundNotFailed
        )
    for history in (STARTED, GIVEN, RETRIED):
        given(*history).when(settle).then_refused(RefundNotFailed)
    given(*SOLD).when(settle).then_refused(NotFound)


def test_what_is_public_of_a_refund_is_its_beginning_and_its_outcome() -> None:
    payment, told = folded(SOLD), list[str]()
    for entry in (PART_STARTED, KEY_CHANGED, PART_REFUNDED, PART_FAILED, PART_RETRIED):
        told += [type(fact).__name__ for fact in facts(payment, entry)]
        payment = evolve(payment, entry)
    assert told == ["SaleRefundStarted", "SaleRefunded", "SaleRefundFailed"]
    assert payment.held == 300


@drawn(
    steps=some.lists(
        some.tuples(some.integers(0, 2), some.integers(1, 700), some.sampled_from([None, *RefundProgress]))
    )
)
def test_the_account_is_always_what_is_owed(steps: list[tuple[int, int, RefundProgress | None]]) -> None:
    payment = folded(SOLD)
    for which, amount, progress in steps:
        for entry in _decided(payment, f"r{which}", amount=amount, progress=progress):
            payment = evolve(payment, entry)
        known = payment.refunds.values()
        assert sum(one.amount for one in known) <= TOTAL.amount
        assert payment.held == sum(one.amount for one in known if one.progress is not SUCCEEDED)


def _decided(payment: Payment, refund: str, *, amount: int, progress: RefundProgress | None) -> Entries:
    """What is decided when a refund is asked for, heard of, or asked for anew, whichever may come next.

    Its key changes when the processor says nothing.
    """
    known = payment.refunds.get(refund)
    if known is None:
        return _asked(payment, refund, amount=Money(amount, "EUR"))
    if progress is None:
        return sale_refunds.change_key(payment, refund=refund, seen=known, at=AT)
    if known.progress is FAILURE:
        return sale_refunds.retry(payment, refund=refund, at=AT)
    ours = sale_refunds.ours(refund, known)
    said = found(progress, ours=ours, amount=Money(known.amount, "EUR"))
    return sale_refunds.follow(payment, refund=refund, found=said)


def _asked(payment: Payment, refund: str, *, amount: Money) -> Entries:
    """What is decided when a refund is asked for; nothing when it is more than what is left."""
    try:
        return ask(payment, refund=refund, amount=amount)
    except RefundTooLarge:
        assert amount.amount > sale_refunds.available(payment)
        return ()
