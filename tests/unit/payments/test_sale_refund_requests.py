"""Under which id and key the processor is asked for a refund after the sale, and when it is looked at."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from payments import sale_refunds
from payments.entries import Entries
from payments.intents import RefundProgress
from payments.payment import SaleRefund
from tests.support.given import folded, given
from tests.support.payment_histories import AFTER_SALE, AT, KEY_CHANGED, PART_REFUND

STARTED, CHANGED, GIVEN, REFUSED, LATE, _ = AFTER_SALE.values()
NOW = datetime.fromisoformat(AT)
INSTANT, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
PENDING, SUCCEEDED, FAILURE = RefundProgress


@pytest.mark.parametrize(
    ("attempt", "key", "names"),
    [
        (1, 1, ("refund-2", "refund-2")),
        (1, 2, ("refund-2", "refund-2-key-2")),
        (2, 1, ("refund-2-2", "refund-2-2")),
        (2, 3, ("refund-2-2", "refund-2-2-key-3")),
    ],
)
def test_each_attempt_has_an_id_of_ours_and_each_key_another_name(
    attempt: int, key: int, names: tuple[str, str]
) -> None:
    known = SaleRefund(300, AT, attempt=attempt, key=key)
    assert (sale_refunds.ours(PART_REFUND, known), sale_refunds.key(PART_REFUND, known)) == names


def test_a_key_changes_once_however_many_runs_want_it() -> None:
    change = partial(sale_refunds.change_key, refund=PART_REFUND, seen=SaleRefund(300, AT), at=AT)
    given(*STARTED).when(change).then(KEY_CHANGED)
    given(*CHANGED).when(change).then_nothing_happened()
    given(*AFTER_SALE["REFUND_RETRIED"]).when(change).then_nothing_happened()


@pytest.mark.parametrize("history", [GIVEN, REFUSED, LATE])
def test_no_key_changes_after_the_outcome_so_that_a_run_that_was_overtaken_asks_under_the_old(
    history: Entries,
) -> None:
    for seen in (SaleRefund(300, AT), folded(history).refunds[PART_REFUND]):
        change = partial(sale_refunds.change_key, refund=PART_REFUND, seen=seen, at=AT)
        given(*history).when(change).then_nothing_happened()


@pytest.mark.parametrize(
    ("age", "old"), [(timedelta(), False), (DAY - INSTANT, False), (DAY, True), (2 * DAY, True)]
)
def test_a_key_is_old_after_a_day(age: timedelta, old: bool) -> None:
    assert sale_refunds.is_key_old(SaleRefund(300, AT), NOW + age) is old


@pytest.mark.parametrize(
    ("progress", "age", "following"),
    [
        (PENDING, timedelta(), timedelta(minutes=5)),
        (PENDING, HOUR - INSTANT, timedelta(minutes=5)),
        (PENDING, HOUR, HOUR),
        (PENDING, 40 * DAY, HOUR),
        (SUCCEEDED, HOUR, DAY),
        (SUCCEEDED, DAY, DAY),
        (SUCCEEDED, 4 * DAY, 4 * DAY),
        (SUCCEEDED, 32 * DAY - INSTANT, 32 * DAY - INSTANT),
        (SUCCEEDED, 32 * DAY, None),
        (FAILURE, HOUR, None),
    ],
)
def test_a_refund_is_looked_at_for_as_long_as_it_may_fail(
    progress: RefundProgress, age: timedelta, following: timedelta | None
) -> None:
    due = sale_refunds.next_look(SaleRefund(300, AT, progress), NOW + age)
    assert due == (NOW + age + following if following else None)
