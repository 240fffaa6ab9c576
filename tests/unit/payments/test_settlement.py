"""The settlement: windows without gaps, fees and payouts posted once, and payments that moved otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from kernel.money import Money
from payments import settlement
from payments.chart import PostingRefused
from payments.differences import Difference
from payments.differences import Kind as Differs
from payments.entries import Settled, UnknownEntry, Voided
from payments.intents import Kind, Transaction
from payments.settlement import Settlement, Window
from tests.support.payment_histories import SETTLED

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOW = Window(NOON - DAY, NOON - HOUR)
BEFORE = Settlement("processor", WINDOW.since.isoformat())


def moved(
    kind: Kind, amount: int, *, fee: int = 0, intent: str = "pi_1", currency: str = "EUR", id: str = "txn_1"
) -> Transaction:
    return Transaction(id, kind, amount, fee, amount - fee, currency, NOON, intent)


def posted(*movements: Transaction) -> list[tuple[str, str, str, int, str, str]]:
    (settled,) = settlement.settle(BEFORE, of=WINDOW, movements=movements)
    return [
        (one.code, one.debit, one.credit, one.amount, one.currency, one.reference) for one in settled.postings
    ]


def test_the_first_window_is_a_day_and_each_begins_where_the_one_before_has_ended() -> None:
    last = NOON - HOUR
    assert settlement.window(Settlement("processor"), NOON) == Window(last - DAY, last)
    known = Settlement("processor", (last - timedelta(minutes=20)).isoformat())
    assert settlement.window(known, NOON) == Window(last - timedelta(minutes=20), last)
    assert settlement.window(Settlement("processor", last.isoformat()), NOON) is None


def test_after_an_outage_a_window_is_a_day_at_most_and_whole_seconds() -> None:
    known = Settlement("processor", (NOON - 9 * DAY).isoformat())
    assert settlement.window(known, NOON) == Window(NOON - 9 * DAY, NOON - 8 * DAY)
    odd = settlement.window(Settlement("processor"), NOON + timedelta(milliseconds=400))
    assert odd
    assert odd.until == NOON - HOUR


def test_fees_are_posted_by_currency_and_payouts_by_themselves() -> None:
    found = posted(
        moved(Kind.CHARGE, 1250, fee=49),
        moved(Kind.CHARGE, 2500, fee=73, intent="pi_2"),
        moved(Kind.CHARGE, 2500, fee=80, intent="pi_3", currency="USD"),
        moved(Kind.REFUND, -300, fee=-5),
        moved(Kind.PAYOUT, -3000, intent="", id="txn_2"),
        moved(Kind.PAYOUT, 20, intent="", id="txn_3"),
        moved(Kind.FEE, -33, intent="", id="txn_4"),
    )
    assert found == [
        ("fees", "processor_fees", "processor_receivable", 150, "EUR", ""),
        ("fees", "processor_fees", "processor_receivable", 80, "USD", ""),
        ("payout", "bank", "processor_receivable", 3000, "EUR", "txn_2"),
        ("payout", "processor_receivable", "bank", 20, "EUR", "txn_3"),
    ]


def test_fees_that_come_back_are_posted_the_other_way() -> None:
    assert posted(moved(Kind.REFUND, -300, fee=-5)) == [
        ("fees", "processor_receivable", "processor_fees", 5, "EUR", "")
    ]


def test_the_fee_of_a_dispute_is_not_posted_twice() -> None:
    assert posted(moved(Kind.DISPUTE, -1250, fee=1500), moved(Kind.DISPUTE_REVERSED, 1250)) == []


def test_a_window_is_settled_once() -> None:
    (settled,) = settlement.settle(BEFORE, of=WINDOW, movements=[moved(Kind.CHARGE, 1250, fee=49)])
    after = settlement.evolve(BEFORE, settled)
    assert after.until == WINDOW.until.isoformat()
    assert settlement.settle(after, of=WINDOW, movements=[moved(Kind.CHARGE, 1250, fee=49)]) == ()


def test_a_short_window_without_a_movement_is_left_to_the_next() -> None:
    assert settlement.settle(BEFORE, of=WINDOW, movements=[]) == ()
    day = Window(NOON - DAY, NOON)
    assert settlement.settle(BEFORE, of=day, movements=[]) == (
        Settled(since=day.since.isoformat(), until=day.until.isoformat()),
    )


def test_movements_add_up_by_payment_without_the_fees_that_are_posted_apart() -> None:
    movements = [
        moved(Kind.CHARGE, 1250, fee=49),
        moved(Kind.REFUND, -300, fee=-5),
        moved(Kind.REFUND_FAILED, 300),
        moved(Kind.DISPUTE, -1250, fee=1500),
        moved(Kind.DISPUTE_REVERSED, 1250, fee=-1500),
        moved(Kind.CHARGE, 700, intent="pi_2"),
        moved(Kind.OTHER, 5, intent="pi_2"),
        moved(Kind.PAYOUT, -900, intent=""),
    ]
    assert settlement.by_payment([*movements, moved(Kind.REFUND, -5, currency="USD")]) == {
        ("pi_1", "EUR"): 1250,
        ("pi_1", "USD"): -5,
        ("pi_2", "EUR"): 700,
    }


def test_payments_that_moved_otherwise_here_and_there_or_are_disputed_are_suspects() -> None:
    theirs = [
        moved(Kind.CHARGE, 1250),
        moved(Kind.CHARGE, 700, intent="pi_2"),
        moved(Kind.CHARGE, 1, intent="pi_4", currency="USD"),
        moved(Kind.DISPUTE, -1250, intent="pi_5"),
    ]
    ours = {("pi_1", "EUR"): 1250, ("pi_2", "EUR"): 1000, ("pi_3", "EUR"): 20, ("pi_5", "EUR"): -1250}
    assert [*settlement.suspects(theirs, ours)] == [
        ("pi_2", Money(-300, "EUR")),
        ("pi_3", Money(-20, "EUR")),
        ("pi_4", Money(1, "USD")),
        ("pi_5", Money(0, "EUR")),
    ]


def test_a_movement_about_no_payment_is_a_difference_unless_it_is_a_payout() -> None:
    found = settlement.unknown(
        [
            moved(Kind.CHARGE, 1250),
            moved(Kind.PAYOUT, -1, intent=""),
            moved(Kind.FEE, -1, intent=""),
            moved(Kind.OTHER, -200, intent="", id="txn_9"),
            moved(Kind.OTHER, 5, id="txn_8"),
        ]
    )
    assert [*found] == [
        Difference(Differs.UNKNOWN_MOVEMENT, "txn_9", Money(-200, "EUR")),
        Difference(Differs.UNKNOWN_MOVEMENT, "txn_8", Money(5, "EUR")),
    ]


def test_nothing_of_the_settlement_is_public_and_no_other_entry_belongs_to_it() -> None:
    assert settlement.facts(BEFORE, SETTLED) == ()
    with pytest.raises(UnknownEntry):
        settlement.evolve(BEFORE, Voided())
    wrong = SETTLED.postings[0].__class__("fees", "order", "order", 1, "EUR")
    with pytest.raises(PostingRefused):
        settlement.evolve(BEFORE, SETTLED.model_copy(update={"postings": (wrong,)}))
