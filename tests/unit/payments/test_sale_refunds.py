"""Refunds after the sale, decided: what may go back, under which id and key, and what the processor did."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as some

from kernel.errors import NotFound
from kernel.money import Money
from payments import entries, sale_refunds
from payments.chart import PostingRefused
from payments.entries import Entries
from payments.intents import Dispute, DisputeProgress, Refund, RefundProgress
from payments.payment import BooksDiffer, Payment, SaleRefund, evolve, facts
from payments.sale_refunds import RefundNotFailed, RefundTooLarge, SaleNotPosted, TooManyRefunds
from tests.support.given import folded, given
from tests.support.payment_histories import (
    AT,
    HISTORIES,
    KEY_CHANGED,
    PART,
    PART_FAILED,
    PART_REFUND,
    PART_REFUNDED,
    PART_RETRIED,
    PART_STARTED,
    TOTAL,
)

SOLD = HISTORIES["SOLD"]
STARTED = (*SOLD, PART_STARTED)
GIVEN, LATE = (*STARTED, PART_REFUNDED), (*STARTED, PART_REFUNDED, PART_FAILED)
FAILED = entries.SaleRefundFailed(refund=PART_REFUND, reason="expired_or_canceled_card")
NOW = datetime.fromisoformat(AT)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PENDING, SUCCEEDED, FAILURE = RefundProgress
ask = partial(sale_refunds.ask, at=AT)
asked: dict[str, Any] = {"refund": PART_REFUND, "amount": PART}


def found(progress: RefundProgress, *, ours: str = PART_REFUND, amount: Money = PART) -> Refund:
    reason = "expired_or_canceled_card" if progress is FAILURE else ""
    return Refund("re_1", ours, amount, progress, reason)


def test_a_part_of_a_sale_goes_back_once_for_each_request() -> None:
    given(*SOLD).when(ask, **asked).then(PART_STARTED)
    given(*STARTED).when(ask, **asked).then_nothing_happened()


@pytest.mark.parametrize("history", [name for name in HISTORIES if name not in ("NONE", "SOLD")])
def test_nothing_goes_back_before_the_sale(history: str) -> None:
    given(*HISTORIES[history]).when(ask, **asked).then_refused(SaleNotPosted)


def test_nothing_goes_back_of_an_order_that_nobody_knows() -> None:
    given().when(ask, **asked).then_refused(NotFound)
    given(*SOLD).when(sale_refunds.retry, refund=PART_REFUND, at=AT).then_refused(NotFound)


@pytest.mark.parametrize("amount", [Money(951, "EUR"), Money(950, "USD")])
@pytest.mark.parametrize("history", [STARTED, GIVEN, LATE])
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
    with pytest.raises(TooManyRefunds):
        ask(payment, refund="another", amount=Money(1, "EUR"))


@pytest.mark.parametrize(
    ("history", "progress", "then"),
    [
        (STARTED, PENDING, ()),
        (STARTED, SUCCEEDED, (PART_REFUNDED,)),
        (STARTED, FAILURE, (FAILED,)),
        (GIVEN, PENDING, ()),
        (GIVEN, SUCCEEDED, ()),
        (GIVEN, FAILURE, (PART_FAILED,)),
        (LATE, FAILURE, ()),
        (LATE, PENDING, ()),
    ],
)
def test_what_the_processor_says_is_put_on_record(
    history: Entries, progress: RefundProgress, then: Entries
) -> None:
    given(*history).when(sale_refunds.follow, refund=PART_REFUND, found=found(progress)).then(*then)


def test_books_that_differ_are_a_fault() -> None:
    more = found(SUCCEEDED, amount=Money(301, "EUR"))
    given(*STARTED).when(sale_refunds.follow, refund=PART_REFUND, found=more).then_refused(BooksDiffer)
    again = given(*LATE).when(sale_refunds.follow, refund=PART_REFUND, found=found(SUCCEEDED))
    again.then_refused(BooksDiffer)


def test_only_what_failed_is_asked_for_anew_and_under_another_id() -> None:
    for history in (STARTED, GIVEN):
        again = given(*history).when(sale_refunds.retry, refund=PART_REFUND, at=AT)
        again.then_refused(RefundNotFailed)
    given(*LATE).when(sale_refunds.retry, refund=PART_REFUND, at=AT).then(PART_RETRIED)
    retried = (*LATE, PART_RETRIED)
    stale = found(FAILURE)
    given(*retried).when(sale_refunds.follow, refund=PART_REFUND, found=stale).then_nothing_happened()
    assert sale_refunds.ours(PART_REFUND, folded(retried).refunds[PART_REFUND]) == "refund-2-2"


def test_a_key_changes_once_however_many_runs_want_it() -> None:
    change = partial(sale_refunds.change_key, refund=PART_REFUND, key=2, at=AT)
    given(*STARTED).when(change).then(KEY_CHANGED)
    given(*STARTED, KEY_CHANGED).when(change).then_nothing_happened()
    keys = [sale_refunds.key(PART_REFUND, folded(each).refunds[PART_REFUND]) for each in (STARTED, GIVEN)]
    changed = folded((*STARTED, KEY_CHANGED)).refunds[PART_REFUND]
    assert (keys, sale_refunds.key(PART_REFUND, changed)) == ([PART_REFUND] * 2, "refund-2-key-2")


@pytest.mark.parametrize(("age", "old"), [(timedelta(), False), (DAY - HOUR, False), (DAY, True)])
def test_a_key_is_old_after_a_day(age: timedelta, old: bool) -> None:
    assert sale_refunds.is_key_old(SaleRefund(300, AT), NOW + age) is old


def test_an_attempt_that_is_not_made_fails_once() -> None:
    refuse = partial(sale_refunds.refuse, refund=PART_REFUND, reason="disputed")
    given(*STARTED).when(refuse).then(entries.SaleRefundFailed(refund=PART_REFUND, reason="disputed"))
    given(*GIVEN).when(refuse).then_nothing_happened()


@pytest.mark.parametrize(
    ("progress", "waits", "lost"),
    [("OPEN", True, False), ("WON", False, False), ("LOST", False, True)],
)
def test_a_dispute_holds_a_refund_up(progress: str, waits: bool, lost: bool) -> None:
    disputes = [Dispute("du_1", TOTAL, 1500, DisputeProgress(progress))]
    assert (sale_refunds.must_wait(disputes), sale_refunds.is_lost(disputes)) == (waits, lost)


@pytest.mark.parametrize(
    ("progress", "age", "following"),
    [
        (PENDING, timedelta(), timedelta(minutes=5)),
        (PENDING, HOUR, HOUR),
        (SUCCEEDED, HOUR, DAY),
        (SUCCEEDED, 4 * DAY, 4 * DAY),
        (SUCCEEDED, 32 * DAY, None),
        (FAILURE, HOUR, None),
    ],
)
def test_a_refund_is_looked_at_for_as_long_as_it_may_fail(
    progress: RefundProgress, age: timedelta, following: timedelta | None
) -> None:
    due = sale_refunds.next_look(SaleRefund(300, AT, progress), NOW + age)
    assert due == (NOW + age + following if following else None)


def test_what_is_public_of_a_refund_is_its_beginning_and_its_outcome() -> None:
    payment, told = folded(SOLD), list[str]()
    for entry in (PART_STARTED, KEY_CHANGED, PART_REFUNDED, PART_FAILED, PART_RETRIED):
        told += [type(fact).__name__ for fact in facts(payment, entry)]
        payment = evolve(payment, entry)
    assert told == ["SaleRefundStarted", "SaleRefunded", "SaleRefundFailed"]
    assert payment.held == 300


@pytest.mark.parametrize("entry", [KEY_CHANGED, PART_REFUNDED, PART_FAILED, PART_RETRIED])
def test_an_entry_about_a_refund_that_was_never_decided_is_a_fault(entry: entries.Entry) -> None:
    with pytest.raises((entries.UnknownEntry, PostingRefused)):
        evolve(folded(SOLD), entry)


@drawn(
    steps=some.lists(
        some.tuples(some.integers(0, 2), some.integers(1, 700), some.sampled_from(list(RefundProgress)))
    )
)
def test_the_account_is_always_what_is_owed(steps: list[tuple[int, int, RefundProgress]]) -> None:
    payment = folded(SOLD)
    for which, amount, progress in steps:
        for entry in _decided(payment, f"r{which}", amount=amount, progress=progress):
            payment = evolve(payment, entry)
        known = payment.refunds.values()
        assert sum(one.amount for one in known) <= TOTAL.amount
        assert payment.held == sum(one.amount for one in known if one.progress is not SUCCEEDED)


def _decided(payment: Payment, refund: str, *, amount: int, progress: RefundProgress) -> Entries:
    """What is decided when a refund is asked for, heard of, or asked for anew, whichever may come next."""
    known = payment.refunds.get(refund)
    if known is None:
        money = Money(min(amount, sale_refunds.available(payment)), "EUR")
        return ask(payment, refund=refund, amount=money) if money.amount else ()
    if known.progress is FAILURE:
        return sale_refunds.retry(payment, refund=refund, at=AT)
    ours = sale_refunds.ours(refund, known)
    said = found(progress, ours=ours, amount=Money(known.amount, "EUR"))
    return sale_refunds.follow(payment, refund=refund, found=said)
