"""The wallet of somebody who is to be forgotten: paid out once, in every currency, and closed for good."""

from functools import partial
from typing import Any

import pytest

from kernel.money import Money
from payments import erasure, ledger, sales, store, wallet, wallets
from tests.support import aws
from tests.support.payments import outcome
from tests.support.sale_refunds import ask, operate

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "processor")
TOTAL = Money(1250, "EUR")
EUR, USD = {"amount": 2000, "currency": "EUR"}, {"amount": 20, "currency": "USD"}


def deposit(amount: dict[str, Any], *, key: str = "gift") -> tuple[int, Any]:
    body = {**amount, "because": "the parcel was late"}
    return operate("POST", "/wallets/alice/deposits", body, key=f"{key}-{amount['currency']}")


def pay_out(customer: str = "alice") -> list[dict[str, Any]]:
    paid: list[dict[str, Any]] = erasure.pay_out_wallet({"customer_id": customer}, None)["paid"]
    return paid


def balances() -> dict[str, int]:
    return {one["currency"]: one["posted"] for one in operate("GET", "/wallets/alice")[1]["balances"]}


def commits() -> list[str]:
    return [item["sk"] for item in aws.items("payments") if item["pk"] == "wallet#alice"]


def test_all_store_credit_is_paid_out_once_and_each_run_says_how_much() -> None:
    deposit(EUR)
    deposit(USD)
    assert [pay_out() for _ in range(3)] == [[EUR, USD]] * 3
    assert balances() == {"EUR": 0, "USD": 0}
    assert len(commits()) == 3
    shown = operate("GET", "/ledger/wallets/alice/statement")[1]
    paid = [(line["entry"], line["amount"], line["currency"]) for line in shown["lines"]]
    assert paid[2:] == [("PaidOut", -2000, "EUR"), ("PaidOut", -20, "USD")]
    told = [event for event in aws.committed("payments") if event.subject == "wallet/alice"]
    assert [event.type for event in told] == ["WalletChanged"] * 3


def test_who_never_had_a_wallet_is_paid_nothing_and_given_nothing_later() -> None:
    assert pay_out() == pay_out() == []
    assert deposit(EUR)[1]["error"] == "ErasedCustomer"
    assert balances() == {}


def test_a_closed_wallet_takes_no_deposit_and_repeats_what_it_took_before() -> None:
    first = deposit(EUR)
    pay_out()
    assert deposit(EUR) == first
    assert (deposit(EUR, key="late")[0], deposit(USD)[0]) == (409, 409)
    assert balances() == {"EUR": 0}


def test_credit_that_is_held_is_waited_for() -> None:
    deposit(EUR)
    store.record_both("o1", "alice", decide=partial(wallet.hold, total=TOTAL), cause="test")
    assert outcome(pay_out) == "CreditHeld"
    assert balances() == {"EUR": 2000}
    wallets.undo(store.load("o1").state, refund="r", cause="test")
    assert pay_out() == [EUR]


def test_a_deposit_that_comes_while_the_wallet_is_closed_is_paid_out_or_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deposit(EUR)
    appending, first = ledger.append, list[int]()

    def append(appended: Any) -> None:
        if not first:
            first.append(1)
            deposit(USD)
        appending(appended)

    monkeypatch.setattr(ledger, "append", append)
    assert pay_out() == [EUR, USD]
    assert balances() == {"EUR": 0, "USD": 0}


def test_a_sale_that_the_wallet_has_paid_goes_back_and_is_paid_out_at_once() -> None:
    deposit(EUR)
    wallets.charge("o1", "alice", total=TOTAL, cause="test")
    sales.post("o1", cause="test")
    assert pay_out() == [{"amount": 750, "currency": "EUR"}]
    assert ask(300)[0] == 201
    assert balances() == {"EUR": 0}
    shown = operate("GET", "/ledger/wallets/alice/statement")[1]["lines"]
    assert [line["amount"] for line in shown[-2:]] == [300, -300]
