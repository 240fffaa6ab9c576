"""A wallet: what its entries make of it, and what may happen to it alone or together with an order."""

from typing import Any

import pytest

from kernel.errors import NotFound
from kernel.money import Money
from payments import wallet
from payments.chart import PostingRefused
from payments.domain import ChargeVoided
from payments.entries import (
    Declined,
    Entries,
    RefundStarted,
    SaleRefunded,
    UnknownEntry,
)
from payments.intents import RefundProgress
from payments.payment import BooksDiffer, Status
from payments.sale_refunds import RefundTooLarge, SaleNotPosted
from payments.wallet import Balance, InsufficientFunds, Wallet, evolve
from tests.support.payment_histories import (
    AT,
    DEPOSITED,
    GIVEN,
    HELD,
    HOLD_POSTED,
    HOLD_VOIDED,
    PAID_OUT,
    PART,
    PART_REFUND,
    PART_STARTED,
    REFUND,
    SOLD,
    STARTED,
    TOTAL,
    VOIDED,
)
from tests.support.wallet_histories import (
    BY_WALLET,
    PAID,
    PART_IN_WALLET,
    PART_TO_WALLET,
    PENDING,
    SPENT,
    TOMBSTONE,
    order,
    purse,
)

part: dict[str, Any] = {"refund": PART_REFUND, "amount": PART, "at": AT}


@pytest.mark.parametrize(
    ("history", "posted", "pending"),
    [
        ((), 0, 0),
        ((DEPOSITED,), 2000, 0),
        ((DEPOSITED, PAID_OUT), 1500, 0),
        ((DEPOSITED, HELD), 2000, 1250),
        ((DEPOSITED, HELD, HOLD_VOIDED), 2000, 0),
        ((DEPOSITED, HELD, HOLD_POSTED), 750, 0),
        ((DEPOSITED, HELD, HOLD_POSTED, GIVEN), 2000, 0),
    ],
)
def test_a_wallet_is_the_fold_of_its_entries(history: Entries, posted: int, pending: int) -> None:
    found = purse(*history).balance("EUR")
    assert (found, found.available) == (Balance(posted, pending), posted - pending)
    assert purse(*history).balance("USD") == Balance()


@pytest.mark.parametrize(
    "history", [(PAID_OUT,), (HOLD_POSTED,), (DEPOSITED, HELD, HELD, PAID_OUT, PAID_OUT)]
)
def test_no_wallet_is_overdrawn_by_entries_that_nobody_should_have_written(history: Entries) -> None:
    with pytest.raises(PostingRefused):
        purse(*history, PAID_OUT, PAID_OUT)


def test_an_entry_of_an_order_is_a_fault() -> None:
    with pytest.raises(UnknownEntry):
        evolve(Wallet("alice"), STARTED)


def test_every_entry_tells_all_balances_anew() -> None:
    (told,) = wallet.facts(purse(DEPOSITED), HELD)
    assert told.model_dump() == {
        "customer_id": "alice",
        "balances": ({"currency": "EUR", "posted": 2000, "available": 750},),
    }


def test_a_deposit_is_goodwill_and_a_payout_goes_to_the_bank() -> None:
    assert wallet.deposit(Wallet("alice"), Money(2000, "EUR"), deposit="deposit-1") == (DEPOSITED,)
    assert wallet.pay_out(purse(DEPOSITED), Money(500, "EUR"), payout="payout-1") == (PAID_OUT,)


def test_what_is_held_cannot_be_paid_out() -> None:
    with pytest.raises(InsufficientFunds) as refused:
        wallet.pay_out(purse(DEPOSITED, HELD), Money(751, "EUR"), payout="p")
    assert refused.value.data == {"available": 750}


def test_an_order_holds_its_total_once() -> None:
    assert wallet.hold(order(), purse(DEPOSITED), total=TOTAL) == ((BY_WALLET,), (HELD,))
    assert wallet.hold(order(*PENDING), purse(DEPOSITED, HELD), total=TOTAL) == ((), ())


def test_too_little_store_credit_is_a_decline_and_holds_nothing() -> None:
    declined = Declined(reason="insufficient_funds")
    assert wallet.hold(order(), purse(DEPOSITED), total=Money(2001, "EUR"))[1] == ()
    assert wallet.hold(order(), Wallet("alice"), total=TOTAL) == ((BY_WALLET, declined), ())
    assert wallet.hold(order(), purse(DEPOSITED), total=Money(1, "USD"))[0][-1] == declined


def test_a_tombstone_keeps_a_late_hold_out() -> None:
    with pytest.raises(ChargeVoided):
        wallet.hold(order(*TOMBSTONE), purse(DEPOSITED), total=TOTAL)


def test_what_is_held_is_posted_once_with_its_mirror() -> None:
    of_order, of_wallet = wallet.post(order(*PENDING), purse(DEPOSITED, HELD))
    assert (of_order[0].postings, of_wallet) == (HOLD_POSTED.mirror, (HOLD_POSTED,))
    assert wallet.post(order(*PAID), purse(DEPOSITED)) == ((), ())


def test_what_is_not_held_is_never_posted() -> None:
    with pytest.raises(BooksDiffer):
        wallet.post(order(*PENDING), purse(DEPOSITED))


def test_an_undo_frees_what_is_held_and_gives_back_what_was_posted() -> None:
    held = wallet.undo(order(*PENDING), purse(DEPOSITED, HELD), refund=REFUND)
    assert held == ((VOIDED,), (HOLD_VOIDED,))
    of_order, of_wallet = wallet.undo(order(*PAID), purse(DEPOSITED, HELD, HOLD_POSTED), refund=REFUND)
    assert of_order[0] == RefundStarted(refund=REFUND, amount=TOTAL)
    assert (of_order[1].postings, of_wallet) == (GIVEN.mirror, (GIVEN,))
    undone = order(*PAID, *of_order)
    assert (undone.status, undone.held) == (Status.REFUNDED, 0)
    assert wallet.undo(undone, purse(DEPOSITED), refund=REFUND) == ((), ())


def test_a_part_of_a_sale_goes_back_to_the_wallet_at_once_in_two_commits_with_one_posting() -> None:
    sold, spent = order(*PAID, SOLD), purse(*SPENT)
    of_order, of_wallet = wallet.give_back(sold, spent, **part)
    given = SaleRefunded(refund=PART_REFUND, postings=(PART_TO_WALLET,))
    assert (of_order, of_wallet) == ((PART_STARTED, given), (PART_IN_WALLET,))
    assert PART_IN_WALLET.postings == ()
    back = order(*PAID, SOLD, *of_order)
    assert (back.status, back.held) == (Status.SOLD, 0)
    assert back.refunds[PART_REFUND].progress is RefundProgress.SUCCEEDED
    assert purse(*SPENT, *of_wallet).balance("EUR") == Balance(posted=750 + 300, pending=0)
    assert wallet.give_back(back, purse(*SPENT, *of_wallet), **part) == ((), ())


def test_a_sale_goes_back_to_the_wallet_in_parts_and_never_more_than_was_paid() -> None:
    of_order, of_wallet = wallet.give_back(order(*PAID, SOLD), purse(*SPENT), **part)
    back, refilled = order(*PAID, SOLD, *of_order), purse(*SPENT, *of_wallet)
    with pytest.raises(RefundTooLarge) as refused:
        wallet.give_back(back, refilled, refund="refund-3", amount=Money(951, "EUR"), at=AT)
    assert refused.value.data == {"available": 950}
    rest = wallet.give_back(back, refilled, refund="refund-3", amount=Money(950, "EUR"), at=AT)
    assert order(*PAID, SOLD, *of_order, *rest[0]).held == 0
    assert purse(*SPENT, *of_wallet, *rest[1]).balance("EUR") == Balance(2000, 0)


@pytest.mark.parametrize(
    ("history", "error"),
    [((), NotFound), (PENDING, SaleNotPosted), (PAID, SaleNotPosted), (TOMBSTONE, SaleNotPosted)],
)
def test_nothing_goes_back_to_the_wallet_before_the_sale(history: Entries, error: type[Exception]) -> None:
    with pytest.raises(error):
        wallet.give_back(order(*history), purse(*SPENT), **part)


def test_every_balance_is_told_when_a_part_of_a_sale_is_in_the_wallet() -> None:
    (told,) = wallet.facts(purse(*SPENT), PART_IN_WALLET)
    assert told.model_dump()["balances"] == ({"currency": "EUR", "posted": 1050, "available": 1050},)
