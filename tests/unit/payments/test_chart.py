"""The chart of accounts: every posting is judged by it, and no account falls below its floor."""

from collections.abc import Sequence

import pytest

from payments import chart
from payments.chart import CHART, Posting, PostingRefused, Side, Type

# Written by hand: the type of each account, its normal side, whether it may fall below zero.
ACCOUNTS = {
    "order": ("liability", "credit", False),
    "wallet": ("liability", "credit", False),
    "processor_receivable": ("asset", "debit", True),
    "processor_fees": ("expense", "debit", True),
    "revenue": ("income", "credit", True),
    "refunds": ("contra income", "debit", True),
    "disputes_held": ("asset", "debit", True),
    "dispute_fees": ("expense", "debit", True),
    "dispute_loss": ("expense", "debit", True),
    "goodwill": ("expense", "debit", True),
    "bank": ("asset", "debit", True),
}


def posting(debit: str = "processor_receivable", credit: str = "order", amount: int = 100) -> Posting:
    return Posting("test", debit, credit, amount, "EUR")


def test_the_chart_has_these_accounts() -> None:
    found = {name: (each.type, each.normal, each.floor is None) for name, each in CHART.items()}
    assert found == ACCOUNTS
    assert {name for name, each in CHART.items() if each.owned} == {"order", "wallet"}
    assert {each.floor for each in CHART.values()} == {None, 0}


def test_an_accounts_normal_side_follows_from_its_type() -> None:
    debits = {Type.ASSET, Type.EXPENSE, Type.CONTRA_INCOME}
    assert all((each.normal is Side.DEBIT) is (each.type in debits) for each in CHART.values())


@pytest.mark.parametrize(
    ("refused", "because"),
    [
        (posting(debit="petty_cash"), "chart"),
        (posting(credit="petty_cash"), "chart"),
        (posting(credit="order:o1"), "chart"),
        (posting(debit="", credit=""), "chart"),
        (posting(debit="order"), "one account"),
        (posting(amount=0), "above zero"),
        (posting(amount=-100), "above zero"),
    ],
)
def test_a_posting_that_breaks_a_rule_is_refused(refused: Posting, because: str) -> None:
    with pytest.raises(PostingRefused) as fault:
        chart.check(refused)
    assert because in fault.value.data["because"]
    with pytest.raises(PostingRefused):
        chart.balance("order", [posting(), refused], before=1000)


@pytest.mark.parametrize("account", sorted(ACCOUNTS))
@pytest.mark.parametrize("other", ["order", "bank"])
def test_a_posting_raises_an_account_on_its_normal_side_and_lowers_it_on_the_other(
    account: str, other: str
) -> None:
    if account == other:
        return
    debited = chart.balance(account, [posting(debit=account, credit=other)], before=1000)
    credited = chart.balance(account, [posting(debit=other, credit=account)], before=1000)
    wanted = (1100, 900) if ACCOUNTS[account][1] == "debit" else (900, 1100)
    assert (debited, credited) == wanted


def test_a_posting_between_other_accounts_does_not_touch_an_account() -> None:
    assert chart.balance("order", [posting(debit="bank", credit="processor_receivable")], before=7) == 7


@pytest.mark.parametrize(
    ("postings", "fits"),
    [
        ([posting(debit="order", credit="revenue")], True),
        ([posting(debit="order", credit="revenue", amount=101)], False),
        ([posting(debit="order", credit="revenue", amount=150), posting(amount=150)], False),
        ([posting(amount=150), posting(debit="order", credit="revenue", amount=250)], True),
    ],
)
@pytest.mark.parametrize("account", ["order", "wallet"])
def test_an_account_of_an_owner_never_falls_below_zero_not_even_between_two_postings(
    account: str, postings: Sequence[Posting], fits: bool
) -> None:
    moves = [
        posting(each.debit.replace("order", account), each.credit.replace("order", account), each.amount)
        for each in postings
    ]
    if fits:
        assert chart.balance(account, moves, before=100) == 0
    else:
        with pytest.raises(PostingRefused):
            chart.balance(account, moves, before=100)


def test_an_account_without_a_floor_may_fall_below_zero() -> None:
    paid_out = posting(debit="bank", credit="processor_receivable")
    assert chart.balance("processor_receivable", [paid_out]) == -100
