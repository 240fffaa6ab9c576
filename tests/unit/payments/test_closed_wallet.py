"""The wallet of somebody who is to be forgotten: all is paid out, and nothing stays in it from then on."""

import pytest

from kernel.money import Money
from payments import wallet
from payments.chart import Posting
from payments.domain import ErasedCustomer
from payments.entries import Declined, Deposited, Entries, PaidOut, WalletClosed
from payments.wallet import Balance, CreditHeld, evolve
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
    REFUND,
    SOLD,
    TOTAL,
)
from tests.support.wallet_histories import BY_WALLET, PAID, PART_IN_WALLET, SPENT, order, purse

DOLLARS = Deposited(deposit="deposit-2", postings=(Posting("goodwill", "goodwill", "wallet", 20, "USD"),))
CLOSING = PaidOut(
    payout="erasure-1",
    postings=(
        Posting("payout", "wallet", "bank", 2000, "EUR"),
        Posting("payout", "wallet", "bank", 20, "USD"),
    ),
)
CLOSED = WalletClosed(paid=(Money(2000, "EUR"), Money(20, "USD")))


def test_closing_pays_out_all_that_is_in_the_wallet_in_each_currency_once() -> None:
    full = purse(DEPOSITED, DOLLARS)
    assert wallet.close(full, payout="erasure-1") == (CLOSING, CLOSED)
    empty = purse(DEPOSITED, DOLLARS, CLOSING, CLOSED)
    assert (empty.balance("EUR"), empty.balance("USD"), empty.closed) == (Balance(), Balance(), CLOSED.paid)
    assert wallet.close(empty, payout="erasure-1") == ()


@pytest.mark.parametrize("history", [(), (DEPOSITED, HELD, HOLD_POSTED, PAID_OUT)])
def test_closing_an_empty_wallet_pays_nothing_and_closes_it_all_the_same(history: Entries) -> None:
    spent = Posting("payout", "wallet", "bank", 250, "EUR")
    emptied = purse(*history, *([PaidOut(payout="p", postings=(spent,))] if history else []))
    assert wallet.close(emptied, payout="erasure-1") == (WalletClosed(),)
    assert purse(WalletClosed()).closed == ()
    assert wallet.close(purse(WalletClosed()), payout="erasure-1") == ()


def test_a_wallet_that_holds_credit_for_an_order_is_not_closed() -> None:
    with pytest.raises(CreditHeld):
        wallet.close(purse(DEPOSITED, HELD), payout="erasure-1")
    (paid, _) = wallet.close(purse(DEPOSITED, HELD, HOLD_VOIDED), payout="erasure-1")
    assert paid.moved == Money(2000, "EUR")


def test_a_closed_wallet_gets_no_store_credit_and_holds_nothing() -> None:
    closed = purse(DEPOSITED, DOLLARS, CLOSING, CLOSED)
    with pytest.raises(ErasedCustomer):
        wallet.deposit(closed, Money(1, "EUR"), deposit="d")
    declined = Declined(reason="insufficient_funds")
    assert wallet.hold(order(), closed, total=TOTAL) == ((BY_WALLET, declined), ())


def test_what_comes_back_to_a_closed_wallet_is_paid_out_in_the_same_commit() -> None:
    rest = Posting("payout", "wallet", "bank", 750, "EUR")
    closed = purse(
        *SPENT, PaidOut(payout="erasure-1", postings=(rest,)), WalletClosed(paid=(Money(750, "EUR"),))
    )
    _, of_wallet = wallet.give_back(order(*PAID, SOLD), closed, refund=PART_REFUND, amount=PART, at=AT)
    on = PaidOut(payout=PART_REFUND, postings=(Posting("payout", "wallet", "bank", 300, "EUR"),))
    assert of_wallet == (PART_IN_WALLET, on)
    after_all = closed
    for entry in of_wallet:
        after_all = evolve(after_all, entry)
    assert after_all.balance("EUR") == Balance()
    undone = wallet.undo(order(*PAID), closed, refund=REFUND)
    assert undone[1][0] == GIVEN
    assert undone[1][1].moved == TOTAL


def test_the_closing_itself_changes_no_balance_and_tells_none() -> None:
    assert wallet.facts(purse(DEPOSITED, DOLLARS, CLOSING), CLOSED) == ()
    (told,) = wallet.facts(purse(DEPOSITED, DOLLARS), CLOSING)
    assert [one["posted"] for one in told.model_dump()["balances"]] == [0, 0]
