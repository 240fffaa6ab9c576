"""Disputes: what each goes on record as, what a refund may still be, and how an undo ends beside one."""

from dataclasses import replace
from functools import partial

import pytest

from kernel.money import Money
from payments import disputes, domain, entries, sale_refunds
from payments.chart import Posting
from payments.disputes import Disputed
from payments.entries import Entries, Entry
from payments.intents import Dispute, DisputeProgress
from payments.payment import BooksDiffer
from tests.support.given import folded, given
from tests.support.payment_histories import (
    AFTER_SALE,
    AT,
    CAPTURED,
    COVERED,
    DISPUTE_LOST,
    DISPUTE_OPENED,
    DISPUTE_WON,
    DISPUTED,
    EVERY,
    GIVEN_BACK,
    OTHER,
    PART,
    PART_FAILED,
    PART_REFUND,
    PART_REFUSED,
    REFUND,
    STARTED,
    TOTAL,
    WAS_SOLD,
)

OPEN, WON, LOST = DisputeProgress


def dispute(
    progress: DisputeProgress, amount: Money = TOTAL, *, id: str = "du_1", fee: int = 1500
) -> Dispute:
    return Dispute(id, amount, fee, progress)


@pytest.mark.parametrize(
    ("history", "progress", "new"),
    [
        ("SOLD", OPEN, [DISPUTE_OPENED]),
        ("SOLD", WON, [DISPUTE_OPENED, DISPUTE_WON]),
        ("SOLD", LOST, [DISPUTE_OPENED, DISPUTE_LOST]),
        ("DISPUTED", OPEN, []),
        ("DISPUTED", WON, [DISPUTE_WON]),
        ("DISPUTED", LOST, [DISPUTE_LOST]),
        ("DISPUTE_WON", WON, []),
        ("DISPUTE_LOST", LOST, []),
        ("DISPUTE_LOST", OPEN, []),
        ("REFUND_COVERED", LOST, []),
        ("REFUNDING", OPEN, [DISPUTE_OPENED]),
    ],
)
def test_a_dispute_goes_on_record_once_from_its_beginning(
    history: str, progress: DisputeProgress, new: list[Entry]
) -> None:
    follow = partial(disputes.follow, found=[dispute(progress)])
    given(*EVERY[history]).when(follow).then(*new)


@pytest.mark.parametrize(
    ("history", "found"),
    [
        ("SOLD", dispute(OPEN, OTHER)),
        ("SOLD", dispute(OPEN, Money(1250, "USD"))),
        ("PENDING", dispute(OPEN)),
        ("DISPUTED", dispute(WON, PART)),
        ("DISPUTE_LOST", dispute(WON)),
        ("DISPUTE_WON", dispute(LOST)),
        ("DISPUTE_WON", dispute(OPEN)),
    ],
)
def test_what_cannot_follow_is_left_to_a_person(history: str, found: Dispute) -> None:
    given(*EVERY[history]).when(partial(disputes.follow, found=[found])).then_refused(BooksDiffer)


def test_a_second_dispute_is_posted_whatever_the_fee_of_the_first() -> None:
    """The fee takes more out of what the processor owes us than is left."""
    first, second = (replace(dispute(OPEN, Money(500, "EUR")), id=id) for id in ("du_1", "du_2"))
    decided = disputes.follow(folded(WAS_SOLD), [first, second])
    assert [type(entry).__name__ for entry in decided] == ["DisputeOpened", "DisputeOpened"]
    assert folded((*WAS_SOLD, *decided)).receivable == 1250 - 2 * (500 + 1500)
    third = replace(dispute(OPEN, PART), id="du_3")
    given(*WAS_SOLD, *decided).when(partial(disputes.follow, found=[third])).then_refused(BooksDiffer)


def test_a_dispute_of_the_whole_follows_a_refund_of_a_part() -> None:
    decided = disputes.follow(folded(AFTER_SALE["PART_REFUNDED"]), [dispute(OPEN)])
    assert decided == (DISPUTE_OPENED,)


@pytest.mark.parametrize("way", sale_refunds.Way)
def test_no_refund_is_settled_by_hand_beside_a_dispute_that_pays_as_well(way: sale_refunds.Way) -> None:
    settle = partial(sale_refunds.settle, refund=PART_REFUND, by=way)
    failed = AFTER_SALE["REFUND_FAILED"]
    given(*failed, DISPUTE_OPENED).when(settle).then_refused(sale_refunds.SaleDisputed)
    rest = disputes.follow(folded(failed), [dispute(LOST, Money(1100, "EUR"))])
    given(*failed, *rest).when(settle).then_refused(sale_refunds.SaleDisputed)
    less = disputes.follow(folded(failed), [dispute(LOST, Money(950, "EUR"))])
    assert settle(folded((*failed, *less)))


def test_a_fee_that_the_processor_gives_back_is_ours_again() -> None:
    back = Posting("dispute_fee", "processor_receivable", "dispute_fees", 1500, "EUR", "du_1")
    won = entries.DisputeWon(dispute="du_1", postings=(*DISPUTE_WON.postings, back))
    given(*DISPUTED["DISPUTED"]).when(partial(disputes.follow, found=[dispute(WON, fee=0)])).then(won)


def test_a_dispute_without_a_fee_posts_none() -> None:
    opened = DISPUTE_OPENED.model_copy(update={"fee": 0, "postings": DISPUTE_OPENED.postings[:1]})
    given(*WAS_SOLD).when(partial(disputes.follow, found=[dispute(OPEN, fee=0)])).then(opened)


def test_a_refund_that_is_owed_is_covered_by_a_dispute_that_is_lost() -> None:
    history = (*AFTER_SALE["REFUND_FAILED"], DISPUTE_OPENED)
    follow = partial(disputes.follow, found=[dispute(LOST)])
    given(*history).when(follow).then(DISPUTE_LOST, COVERED)
    covered = folded(DISPUTED["REFUND_COVERED"])
    assert (covered.held, covered.receivable) == (0, -1500)
    assert not covered.refunds[PART_REFUND].is_owed


def test_a_dispute_covers_no_refund_that_is_larger() -> None:
    small = dispute(LOST, Money(1249, "EUR"))
    decided = disputes.follow(folded(AFTER_SALE["REFUND_FAILED"]), [small])
    assert [type(entry).__name__ for entry in decided] == ["DisputeOpened", "DisputeLost"]


def test_each_part_of_a_lost_dispute_covers_one_refund() -> None:
    second = entries.SaleRefundStarted(
        refund="refund-3",
        amount=PART,
        at=AT,
        postings=AFTER_SALE["REFUND_ASKED"][3].postings,
    )
    failed = entries.SaleRefundFailed(refund="refund-3", reason="unknown")
    payment = folded([*AFTER_SALE["REFUND_FAILED"], second, failed])
    decided = disputes.follow(payment, [dispute(LOST, Money(1150, "EUR"))])
    assert [entry.refund for entry in decided if isinstance(entry, entries.SaleRefundCovered)] == [
        PART_REFUND
    ]


def test_a_refund_that_fails_after_the_dispute_was_lost_is_covered_at_once() -> None:
    history = (*AFTER_SALE["REFUND_ASKED"], DISPUTE_OPENED, DISPUTE_LOST)
    assert disputes.covering(folded(history), (PART_REFUSED,)) == (PART_REFUSED, COVERED)
    assert disputes.covering(folded(AFTER_SALE["REFUND_ASKED"]), (PART_REFUSED,)) == (PART_REFUSED,)


def test_a_dispute_over_the_rest_of_a_sale_covers_no_refund() -> None:
    """The refund had been given when the bank took the rest. Then it fails, and is owed beside the rest."""
    rest = dispute(LOST, Money(950, "EUR"))
    history = (*AFTER_SALE["PART_REFUNDED"], *disputes.follow(folded(AFTER_SALE["PART_REFUNDED"]), [rest]))
    assert disputes.covering(folded(history), (PART_FAILED,)) == (PART_FAILED,)
    assert folded((*history, PART_FAILED)).held == 300


def test_a_covered_refund_is_asked_for_no_more() -> None:
    retry = partial(sale_refunds.retry, refund=PART_REFUND, at=AT)
    given(*DISPUTED["REFUND_COVERED"]).when(retry).then_refused(sale_refunds.RefundNotFailed)


@pytest.mark.parametrize(
    ("history", "left"), [("SOLD", 1250), ("DISPUTED", 0), ("DISPUTE_WON", 1250), ("DISPUTE_LOST", 0)]
)
def test_what_a_bank_has_taken_does_not_go_back_a_second_time(history: str, left: int) -> None:
    assert sale_refunds.available(folded(EVERY[history])) == left


def test_a_dispute_beside_a_refund_that_was_asked_for_leaves_nothing() -> None:
    for history in ((*AFTER_SALE["REFUND_ASKED"], DISPUTE_OPENED), DISPUTED["REFUND_COVERED"]):
        assert sale_refunds.available(folded(history)) == 0


def test_no_money_goes_back_while_a_dispute_is_open() -> None:
    with pytest.raises(Disputed):
        disputes.must_not_be_open(folded(DISPUTED["DISPUTED_UNSOLD"]))
    for history in ("SOLD", "DISPUTE_WON", "DISPUTE_LOST", "LOST_UNSOLD"):
        disputes.must_not_be_open(folded(EVERY[history]))


def test_an_undo_gives_back_what_no_bank_has_given_back() -> None:
    lost = folded(DISPUTED["LOST_UNSOLD"])
    assert domain.to_go_back(lost) == Money(0, "EUR")
    by_bank = Posting("refund", "order", "dispute_loss", 1250, "EUR", "pi_1")
    ended = entries.Refunded(refund=REFUND, postings=(by_bank,))
    undo = partial(domain.refunded, refunds=(), refund=REFUND)
    given(*DISPUTED["LOST_UNSOLD"]).when(undo).then(ended)
    given(*DISPUTED["DISPUTED_UNSOLD"]).when(undo).then_refused(BooksDiffer)


def test_an_undo_after_a_dispute_over_a_part_gives_the_rest_back() -> None:
    part = dispute(LOST, PART)
    history: Entries = (STARTED, CAPTURED, *disputes.follow(folded((STARTED, CAPTURED)), [part]))
    history = (*history, entries.RefundStarted(refund=REFUND, amount=TOTAL))
    assert domain.to_go_back(folded(history)) == Money(950, "EUR")
    decided = domain.refunded(folded(history), (950,), refund=REFUND)
    assert [(one.debit, one.credit, one.amount) for one in decided[0].postings] == [
        ("order", "processor_receivable", 950),
        ("order", "dispute_loss", 300),
    ]
    assert folded((*history, *decided)).held == 0


def test_without_a_dispute_an_undo_posts_what_it_always_did() -> None:
    decided = domain.refunded(folded(EVERY["REFUNDING"]), (1250,), refund=REFUND)
    assert decided[0].postings == (GIVEN_BACK,)
