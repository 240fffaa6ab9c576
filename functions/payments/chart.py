"""The chart of accounts: what each account holds, its normal side, how low it may fall; and the postings.

An owned account is one account for each owner: `order:<order id>`, `wallet:<customer id>`. Only these are
streams of their own, and their floors are checked with each posting. All other accounts are totals of
postings, and nobody waits for them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kernel.errors import Fault


class PostingRefused(Fault):
    """A posting breaks a rule of the chart of accounts, so nothing of its commit is written."""


class Side(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"


class Type(StrEnum):
    """Of which type an account is. A contra account lowers the type that it belongs to."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"
    CONTRA_INCOME = "contra income"


@dataclass(frozen=True)
class Account:
    """A line of the chart. The floor is in minor units of the normal side; None allows any balance."""

    type: Type
    normal: Side
    holds: str
    floor: int | None = None
    owned: bool = False


ORDER, WALLET = "order", "wallet"
RECEIVABLE, FEES = "processor_receivable", "processor_fees"
REVENUE, REFUNDS = "revenue", "refunds"
DISPUTES_HELD, DISPUTE_FEES, DISPUTE_LOSS = "disputes_held", "dispute_fees", "dispute_loss"
GOODWILL, BANK = "goodwill", "bank"

CHART: Mapping[str, Account] = {
    ORDER: Account(Type.LIABILITY, Side.CREDIT, "money of a customer for one order", floor=0, owned=True),
    WALLET: Account(Type.LIABILITY, Side.CREDIT, "store credit of one customer", floor=0, owned=True),
    RECEIVABLE: Account(Type.ASSET, Side.DEBIT, "what the processor owes us"),
    FEES: Account(Type.EXPENSE, Side.DEBIT, "what the processor keeps of captures"),
    REVENUE: Account(Type.INCOME, Side.CREDIT, "confirmed orders"),
    REFUNDS: Account(Type.CONTRA_INCOME, Side.DEBIT, "revenue that was given back"),
    DISPUTES_HELD: Account(Type.ASSET, Side.DEBIT, "what the processor holds back during disputes"),
    DISPUTE_FEES: Account(Type.EXPENSE, Side.DEBIT, "what the processor charges for disputes"),
    DISPUTE_LOSS: Account(Type.EXPENSE, Side.DEBIT, "disputes that were lost"),
    GOODWILL: Account(Type.EXPENSE, Side.DEBIT, "store credit that was given away"),
    BANK: Account(Type.ASSET, Side.DEBIT, "our bank account"),
}


@dataclass(frozen=True)
class Posting:
    """Moves `amount` minor units to the debit of one account and to the credit of another.

    So each posting, and every sum of postings, is zero in its currency. `code` says why, `reference` is the
    private id of the processor's object, and `reverses` is the `label` of the posting that is taken back.
    """

    code: str
    debit: str
    credit: str
    amount: int
    currency: str
    reference: str = ""
    reverses: str = ""

    @property
    def label(self) -> str:
        """What tells the posting from others: why it was made, and the processor's object."""
        return f"{self.code} {self.reference}"


def check(posting: Posting) -> None:
    """Raises PostingRefused for unknown accounts, one account twice, or an amount that is not above zero."""
    if not {posting.debit, posting.credit} <= CHART.keys():
        raise PostingRefused(code=posting.code, because="an account is not in the chart")
    if posting.debit == posting.credit:
        raise PostingRefused(code=posting.code, because="both sides are one account")
    if posting.amount <= 0:
        raise PostingRefused(code=posting.code, because="the amount is not above zero")


def balance(account: str, postings: Iterable[Posting], *, before: int = 0) -> int:
    """The account's balance on its normal side after the postings, in minor units of their one currency.

    Raises PostingRefused when a posting breaks a rule, or takes the account below its floor.
    """
    rule = CHART[account]
    for posting in postings:
        check(posting)
        before += moved(account, posting)
        if rule.floor is not None and before < rule.floor:
            raise PostingRefused(code=posting.code, because=f"{account} would fall below its floor")
    return before


def moved(account: str, posting: Posting) -> int:
    """By how many minor units the posting raises the account's balance on its normal side."""
    side = (posting.debit == account) - (posting.credit == account)
    return posting.amount * (side if CHART[account].normal is Side.DEBIT else -side)
