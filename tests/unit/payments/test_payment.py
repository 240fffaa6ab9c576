"""An order's payment: how each entry changes it, what each entry posts, and what each makes public."""

from collections.abc import Sequence
from typing import Any

import pytest

from kernel.events import Event
from payments import entries, events
from payments.chart import Posting, PostingRefused
from payments.entries import Entry, UnknownEntry
from payments.facts import facts
from payments.intents import RefundProgress
from payments.payment import Charge, Payment, SaleRefund, Status, evolve
from tests.support.given import folded
from tests.support.payment_histories import (
    AFTER_SALE,
    AT,
    BY_BANK,
    CAPTURE,
    CAPTURED,
    CHARGE,
    COVER,
    COVERED,
    DECIDED,
    DECLINED,
    DISPUTE_LOST,
    DISPUTE_OPENED,
    DISPUTE_WON,
    EVERY,
    FEE,
    GIVEN_BACK,
    HISTORIES,
    KEY_CHANGED,
    LOSS,
    PART,
    PART_BACK,
    PART_FAILED,
    PART_GIVEN,
    PART_REFUND,
    PART_REFUNDED,
    PART_REFUSED,
    PART_RETRIED,
    PART_SETTLED,
    PART_STARTED,
    REFUND_STARTED,
    REFUNDED,
    SALE,
    SOLD,
    STARTED,
    TAKEN,
    TOTAL,
    VOIDED,
    WALLET,
    WON_BACK,
)

BROUGHT = entries.BroughtForward(status="CAPTURED", charge=STARTED, postings=(CAPTURE,))
OF_PART: dict[str, Any] = {"order_id": "o1", "refund": PART_REFUND, "amount": PART}
OF_DISPUTE: dict[str, Any] = {
    "order_id": "o1",
    "dispute": "ea6a8a26-7e00-5778-9a22-f63304018ad6",
    "amount": TOTAL,
}
PENDING, SUCCEEDED, FAILED = RefundProgress


@pytest.mark.parametrize(
    ("before", "entry", "postings", "public"),
    [
        ("NONE", STARTED, (), ()),
        ("PENDING", CAPTURED, (CAPTURE,), (events.PaymentCaptured(order_id="o1", amount=TOTAL),)),
        ("PENDING", DECLINED, (), (events.PaymentDeclined(order_id="o1", reason="expired_card"),)),
        ("PENDING", VOIDED, (), (events.PaymentVoided(order_id="o1"),)),
        ("NONE", VOIDED, (), (events.PaymentVoided(order_id="o1"),)),
        ("CAPTURED", REFUND_STARTED, (), (events.RefundStarted(order_id="o1", amount=TOTAL),)),
        ("REFUNDING", REFUNDED, (GIVEN_BACK,), (events.PaymentRefunded(order_id="o1", amount=TOTAL),)),
        ("CAPTURED", SOLD, (SALE,), ()),
        ("SOLD", PART_STARTED, (DECIDED,), (events.SaleRefundStarted(**OF_PART),)),
        ("REFUND_ASKED", KEY_CHANGED, (), ()),
        ("REFUND_KEY_CHANGED", PART_REFUNDED, (PART_GIVEN,), (events.SaleRefunded(**OF_PART),)),
        ("REFUND_ASKED", PART_REFUSED, (), (events.SaleRefundFailed(**OF_PART),)),
        ("PART_REFUNDED", PART_FAILED, (PART_BACK,), (events.SaleRefundFailed(**OF_PART),)),
        ("REFUND_FAILED_LATE", PART_RETRIED, (), ()),
        ("REFUND_RETRIED", PART_REFUNDED, (PART_GIVEN,), (events.SaleRefunded(**OF_PART),)),
        ("REFUND_FAILED", PART_SETTLED, (BY_BANK,), (events.SaleRefunded(**OF_PART),)),
        ("SOLD", DISPUTE_OPENED, (TAKEN, FEE), (events.DisputeOpened(**OF_DISPUTE),)),
        ("DISPUTED", DISPUTE_WON, (WON_BACK,), (events.DisputeWon(**OF_DISPUTE),)),
        ("DISPUTED", DISPUTE_LOST, (LOSS,), (events.DisputeLost(**OF_DISPUTE),)),
        ("REFUND_FAILED", COVERED, (COVER,), ()),
        ("NONE", BROUGHT, (CAPTURE,), ()),
    ],
)
def test_what_an_entry_posts_and_makes_public(
    before: str, entry: Entry, postings: Sequence[Posting], public: Sequence[Event]
) -> None:
    assert entry.postings == postings
    assert tuple(facts(folded(EVERY[before]), entry)) == public


def test_the_entries_of_these_tests_are_every_entry_that_there_is() -> None:
    seen = {type(entry).__name__ for history in EVERY.values() for entry in history}
    of_wallets = {type(entry).__name__ for entry in WALLET}
    assert seen | {"BroughtForward", "Settled"} | of_wallets == set(entries.TYPES)


@pytest.mark.parametrize(
    ("history", "payment"),
    [
        ("PENDING", Payment("o1", Status.PENDING, CHARGE)),
        ("CAPTURED", Payment("o1", Status.CAPTURED, CHARGE, held=1250, receivable=1250)),
        ("DECLINED", Payment("o1", Status.DECLINED, CHARGE, reason="expired_card")),
        ("VOIDED", Payment("o1", Status.VOIDED, CHARGE)),
        ("TOMBSTONE", Payment("o1", Status.VOIDED)),
        ("REFUNDING", Payment("o1", Status.REFUNDING, CHARGE, held=1250, receivable=1250)),
        ("REFUNDED", Payment("o1", Status.REFUNDED, CHARGE)),
        ("SOLD", Payment("o1", Status.SOLD, CHARGE, receivable=1250)),
    ],
)
def test_entries_add_up_to_the_payment(history: str, payment: Payment) -> None:
    assert folded(HISTORIES[history]) == payment


@pytest.mark.parametrize(
    ("history", "held", "refund"),
    [
        ("REFUND_ASKED", 300, SaleRefund(300, AT)),
        ("REFUND_KEY_CHANGED", 300, SaleRefund(300, AT, key=2)),
        ("PART_REFUNDED", 0, SaleRefund(300, AT, SUCCEEDED)),
        ("REFUND_FAILED", 300, SaleRefund(300, AT, FAILED)),
        ("REFUND_FAILED_LATE", 300, SaleRefund(300, AT, FAILED)),
        ("REFUND_RETRIED", 300, SaleRefund(300, AT, PENDING, attempt=2)),
    ],
)
def test_an_order_holds_the_part_of_a_sale_that_has_not_gone_back(
    history: str, held: int, refund: SaleRefund
) -> None:
    owes = 950 if refund.progress is SUCCEEDED else 1250
    sold = Payment("o1", Status.SOLD, CHARGE, held=held, receivable=owes, refunds={PART_REFUND: refund})
    assert folded(AFTER_SALE[history]) == sold


def test_a_new_key_and_a_new_attempt_are_as_old_as_their_entries() -> None:
    """An attempt begins with its first key."""
    later, last = "2026-03-02T12:00:00+00:00", "2026-03-03T12:00:00+00:00"
    key = entries.SaleRefundKeyChanged(refund=PART_REFUND, key=2, at=later)
    retried = entries.SaleRefundRetried(refund=PART_REFUND, attempt=2, at=last)
    changed = folded([*AFTER_SALE["REFUND_ASKED"], key])
    assert changed.refunds == {PART_REFUND: SaleRefund(300, later, key=2)}
    assert evolve(changed, retried).refunds == {PART_REFUND: SaleRefund(300, last, attempt=2)}


@pytest.mark.parametrize("entry", [KEY_CHANGED, PART_REFUNDED, PART_FAILED, PART_REFUSED, PART_RETRIED])
def test_an_entry_about_a_refund_that_was_never_decided_is_a_fault(entry: entries.OfSaleRefund) -> None:
    """Another refund is decided, so that the account would allow the posting."""
    of_another = entry.model_copy(update={"refund": "refund-3"})
    with pytest.raises(UnknownEntry) as unknown:
        evolve(folded(AFTER_SALE["REFUND_ASKED"]), of_another)
    assert unknown.value.data == {"type": type(entry).__name__}


def test_what_a_capture_after_a_decline_leaves_on_record() -> None:
    found = folded([STARTED, DECLINED, CAPTURED, REFUND_STARTED])
    assert (found.status, found.held) == (Status.REFUNDING, 1250)


def test_a_payment_that_is_brought_forward_is_as_the_release_before_kept_it() -> None:
    charge = Charge("alice", TOTAL, "pi_1")
    assert folded([BROUGHT]) == Payment("o1", Status.CAPTURED, charge, held=1250, receivable=1250)
    declined = entries.BroughtForward(status="DECLINED", reason="expired_card", charge=STARTED)
    assert folded([declined]) == folded(HISTORIES["DECLINED"])
    assert folded([entries.BroughtForward(status="VOIDED")]) == folded(HISTORIES["TOMBSTONE"])


@pytest.mark.parametrize("entry", [REFUNDED, SOLD])
@pytest.mark.parametrize(
    "history", ["NONE", "PENDING", "DECLINED", "VOIDED", "REFUNDED", "SOLD", "PART_REFUNDED"]
)
def test_no_money_leaves_an_order_that_holds_none(history: str, entry: Entry) -> None:
    with pytest.raises(PostingRefused):
        evolve(folded(HISTORIES[history]), entry)


def test_an_entry_of_another_kind_of_stream_is_a_fault() -> None:
    class WalletOpened(Entry):
        """Happens to a wallet."""

    with pytest.raises(UnknownEntry) as unknown:
        evolve(Payment("o1"), WalletOpened())
    assert unknown.value.data == {"type": "WalletOpened"}
    assert tuple(facts(Payment("o1"), WalletOpened())) == ()


def test_what_is_public_names_neither_the_customer_nor_an_id_of_the_processors() -> None:
    for history in EVERY.values():
        payment = Payment("o1")
        for entry in history:
            said = "".join(fact.model_dump_json() for fact in facts(payment, entry))
            assert "pi_1" not in said
            assert "re_1" not in said
            assert "du_1" not in said
            assert "alice" not in said
            payment = evolve(payment, entry)
