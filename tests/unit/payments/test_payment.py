"""An order's payment: how each entry changes it, what each entry posts, and what each makes public."""

from collections.abc import Sequence

import pytest

from kernel.events import Event
from payments import entries, events
from payments.chart import Posting, PostingRefused
from payments.entries import Entry, UnknownEntry
from payments.payment import Charge, Payment, Status, evolve, facts
from tests.support.given import folded
from tests.support.payment_histories import (
    CAPTURE,
    CAPTURED,
    CHARGE,
    DECLINED,
    GIVEN_BACK,
    HISTORIES,
    REFUND_STARTED,
    REFUNDED,
    SALE,
    SALE_REFUND,
    SOLD,
    STARTED,
    TOTAL,
    VOIDED,
    WALLET,
)

BROUGHT = entries.BroughtForward(status="CAPTURED", charge=STARTED, postings=(CAPTURE,))


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
        ("NONE", BROUGHT, (CAPTURE,), ()),
    ],
)
def test_what_an_entry_posts_and_makes_public(
    before: str, entry: Entry, postings: Sequence[Posting], public: Sequence[Event]
) -> None:
    assert entry.postings == postings
    assert tuple(facts(folded(HISTORIES[before]), entry)) == public


def test_the_entries_of_these_tests_are_every_entry_that_there_is() -> None:
    seen = {type(entry).__name__ for history in HISTORIES.values() for entry in history}
    of_wallets = {type(entry).__name__ for entry in (*WALLET, *SALE_REFUND)}
    assert seen | {"BroughtForward"} | of_wallets == set(entries.TYPES)


@pytest.mark.parametrize(
    ("history", "payment"),
    [
        ("PENDING", Payment("o1", Status.PENDING, CHARGE)),
        ("CAPTURED", Payment("o1", Status.CAPTURED, CHARGE, held=1250)),
        ("DECLINED", Payment("o1", Status.DECLINED, CHARGE, reason="expired_card")),
        ("VOIDED", Payment("o1", Status.VOIDED, CHARGE)),
        ("TOMBSTONE", Payment("o1", Status.VOIDED)),
        ("REFUNDING", Payment("o1", Status.REFUNDING, CHARGE, held=1250)),
        ("REFUNDED", Payment("o1", Status.REFUNDED, CHARGE)),
        ("SOLD", Payment("o1", Status.SOLD, CHARGE)),
    ],
)
def test_entries_add_up_to_the_payment(history: str, payment: Payment) -> None:
    assert folded(HISTORIES[history]) == payment


def test_what_a_capture_after_a_decline_leaves_on_record() -> None:
    found = folded([STARTED, DECLINED, CAPTURED, REFUND_STARTED])
    assert (found.status, found.held) == (Status.REFUNDING, 1250)


def test_a_payment_that_is_brought_forward_is_as_the_release_before_kept_it() -> None:
    assert folded([BROUGHT]) == Payment("o1", Status.CAPTURED, Charge("alice", TOTAL, "pi_1"), held=1250)
    declined = entries.BroughtForward(status="DECLINED", reason="expired_card", charge=STARTED)
    assert folded([declined]) == folded(HISTORIES["DECLINED"])
    assert folded([entries.BroughtForward(status="VOIDED")]) == folded(HISTORIES["TOMBSTONE"])


@pytest.mark.parametrize("entry", [REFUNDED, SOLD])
@pytest.mark.parametrize("history", ["NONE", "PENDING", "DECLINED", "VOIDED", "REFUNDED", "SOLD"])
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
    for history in HISTORIES.values():
        payment = Payment("o1")
        for entry in history:
            said = "".join(fact.model_dump_json() for fact in facts(payment, entry))
            assert "pi_1" not in said
            assert "alice" not in said
            payment = evolve(payment, entry)
