"""Totals by replay: each seal is counted once, in order, on the day it was made; a month ends with a seal."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import NotFound
from payments import closing, seals
from payments.chart import CHART, Posting
from payments.closing import Day, MonthNotOver, Sum
from payments.seals import Seal, SealChanged, SealMissing
from tests.support.payment_histories import CAPTURE, GIVEN_BACK, SALE

REFUND = Posting("refund", "refunds", "order", 200, "EUR")


def seal(last: Seal | None, day: str) -> Seal:
    time = f"{day}T12:00:00.000000+00:00"
    return seals.following(last, [], sealed_at=time, until=time)


FIRST = seal(None, "2026-02-27")
SECOND = seal(FIRST, "2026-02-28")
THIRD = seal(SECOND, "2026-03-02")


def counted(*steps: tuple[Seal, Sequence[Posting]]) -> list[Day]:
    days = list[Day]()
    for each, postings in steps:
        days.append(closing.counted(days[-1] if days else None, each, postings=postings))
    return days


def test_a_day_holds_what_moved_on_it_and_what_was_carried_into_it() -> None:
    first, second, third = counted((FIRST, [CAPTURE]), (SECOND, [SALE]), (THIRD, [REFUND, GIVEN_BACK]))
    assert (first.day, first.seal, first.carried) == ("2026-02-27", 1, {})
    assert first.moved == {("processor_receivable", "EUR"): Sum(1250, 0), ("order", "EUR"): Sum(0, 1250)}
    assert second.carried == first.moved
    assert second.moved == {("order", "EUR"): Sum(1250, 0), ("revenue", "EUR"): Sum(0, 1250)}
    assert third.totals == {
        ("processor_receivable", "EUR"): Sum(1250, 1250),
        ("order", "EUR"): Sum(2500, 1450),
        ("revenue", "EUR"): Sum(0, 1250),
        ("refunds", "EUR"): Sum(200, 0),
    }


def test_seals_of_one_day_are_counted_into_one_row() -> None:
    later = seal(FIRST, "2026-02-27")
    _, day = counted((FIRST, [CAPTURE]), (later, [SALE]))
    assert (day.day, day.seal, day.digest, day.carried) == ("2026-02-27", 2, later.digest(), {})
    assert day.moved["order", "EUR"] == Sum(1250, 1250)


def test_a_seal_that_does_not_follow_on_the_last_counted_is_a_fault() -> None:
    (day,) = counted((FIRST, []))
    with pytest.raises(SealMissing):
        closing.counted(day, THIRD, postings=[])
    with pytest.raises(SealMissing):
        closing.counted(None, SECOND, postings=[])
    forged = seal(seal(None, "2026-02-26"), "2026-02-28")
    with pytest.raises(SealChanged):
        closing.counted(day, forged, postings=[])


@pytest.mark.parametrize(
    ("month", "last"), [("2026-02", "2026-02-28"), ("2028-02", "2028-02-29"), ("2026-12", "2026-12-31")]
)
def test_a_month_knows_its_last_day(month: str, last: str) -> None:
    assert closing.last_day(month) == last


def test_a_month_closes_only_once_a_seal_of_a_later_day_is_counted() -> None:
    _, second, third = counted((FIRST, []), (SECOND, [SALE]), (THIRD, []))
    assert closing.close("2026-02", second, newest=third) == second
    for newest in (None, second):
        with pytest.raises(MonthNotOver):
            closing.close("2026-02", second, newest=newest)
    with pytest.raises(NotFound):
        closing.close("2026-01", None, newest=third)


def test_revenue_of_a_day_is_told_for_each_currency_with_what_was_given_back() -> None:
    dollars = Posting("sale", "order", "revenue", 70, "USD")
    days = counted((FIRST, [CAPTURE]), (SECOND, [SALE, dollars]), (THIRD, [REFUND]))
    told = [(one.day, one.currency, one.revenue, one.refunds) for one in closing.revenue(days)]
    assert told == [
        ("2026-02-28", "EUR", 1250, 0),
        ("2026-02-28", "USD", 70, 0),
        ("2026-03-02", "EUR", 0, 200),
    ]


POSTINGS = st.builds(
    Posting,
    st.just("any"),
    st.sampled_from(["order", "wallet", "bank"]),
    st.sampled_from(["revenue", "refunds", "goodwill"]),
    st.integers(1, 10**9),
    st.sampled_from(["EUR", "USD"]),
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.lists(POSTINGS, max_size=5)), min_size=1, max_size=12))
def test_debits_are_credits_in_each_currency_and_no_posting_is_lost(
    steps: list[tuple[int, list[Posting]]],
) -> None:
    last, day, date, every = None, None, 1, list[Posting]()
    for later, postings in steps:
        date += later
        last = seal(last, f"2026-03-{date:02}")
        day = closing.counted(day, last, postings=postings)
        every += postings
    assert day is not None
    for currency in ("EUR", "USD"):
        moved = sum(posting.amount for posting in every if posting.currency == currency)
        sums = [sum for (_, name), sum in day.totals.items() if name == currency]
        assert (sum(one.debit for one in sums), sum(one.credit for one in sums)) == (moved, moved)
        for account in CHART:
            total = day.totals.get((account, currency), Sum())
            mine = [one for one in every if one.currency == currency]
            assert total.debit == sum(one.amount for one in mine if one.debit == account)
            assert total.credit == sum(one.amount for one in mine if one.credit == account)
