"""Totals of all accounts by replay, day by day, and the closing of a month.

A day holds the postings of the seals that were made on it (UTC). Seals are counted in order, each once. So a
day is final as soon as a seal of a later day is counted, and so is a month.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from kernel.errors import NotFound, Refusal
from payments import chart
from payments.chart import Posting, Side
from payments.seals import Seal, SealChanged, SealMissing


class MonthNotOver(Refusal):
    """The month's last day is not over, or not sealed and counted yet."""


class MonthClosed(Refusal):
    """The month is closed already."""


@dataclass(frozen=True)
class Sum:
    """What was posted to the debit and to the credit of one account, in minor units of one currency."""

    debit: int = 0
    credit: int = 0

    def plus(self, *, debit: int = 0, credit: int = 0) -> "Sum":
        return Sum(self.debit + debit, self.credit + credit)


# By account and currency. Accounts of orders, and of wallets, are summed over their owners.
Sums = Mapping[tuple[str, str], Sum]


@dataclass(frozen=True)
class Day:
    """The totals of a day: what was `carried` into it, and what `moved` on it.

    `seal` is the number of the last seal that is counted, and `digest` is that seal's.
    """

    day: str
    seal: int
    digest: str
    carried: Sums = field(default_factory=dict)
    moved: Sums = field(default_factory=dict)

    @property
    def totals(self) -> Sums:
        """What was posted until the end of the day."""
        return _added(self.carried, self.moved)


@dataclass(frozen=True)
class Month:
    """A closed month: the seal with which it ended, and what was posted until then. It never changes."""

    month: str
    seal: int
    digest: str
    totals: Sums
    closed_at: str
    by: str


@dataclass(frozen=True)
class Revenue:
    """The revenue of a day in one currency, and what of earlier revenue was given back on it."""

    day: str
    currency: str
    revenue: int
    refunds: int


def counted(last: Day | None, seal: Seal, *, postings: Iterable[Posting]) -> Day:
    """The totals after the seal, from the last totals and the postings of the seal's commits.

    Raises SealMissing and SealChanged when the seal does not follow on the last one that was counted.
    """
    number, digest = (last.seal, last.digest) if last else (0, "")
    if seal.number != number + 1:
        raise SealMissing(number=number + 1)
    if seal.previous != digest:
        raise SealChanged(number=number)
    day, moved = seal.sealed_at[:10], summed(postings)
    if last and last.day == day:
        return replace(last, seal=seal.number, digest=seal.digest(), moved=_added(last.moved, moved))
    return Day(day, seal.number, seal.digest(), last.totals if last else {}, moved)


def summed(postings: Iterable[Posting]) -> Sums:
    """What the postings add to each account."""
    sums: dict[tuple[str, str], Sum] = {}
    for posting in postings:
        debit, credit = (posting.debit, posting.currency), (posting.credit, posting.currency)
        sums[debit] = sums.get(debit, Sum()).plus(debit=posting.amount)
        sums[credit] = sums.get(credit, Sum()).plus(credit=posting.amount)
    return sums


def balance(account: str, sum: Sum) -> int:
    """The balance on the account's normal side."""
    raised = sum.debit - sum.credit
    return raised if chart.CHART[account].normal is Side.DEBIT else -raised


def unbalanced(sums: Sums) -> list[str]:
    """The currencies in which the debits are not the credits."""
    differences: dict[str, int] = {}
    for (_, currency), sum in sums.items():
        differences[currency] = differences.get(currency, 0) + sum.debit - sum.credit
    return sorted(currency for currency, difference in differences.items() if difference)


def is_final(day: str, newest: Day | None) -> bool:
    """Whether the day's totals can no longer change: a seal of a later day is counted."""
    return newest is not None and newest.day > day


def last_day(month: str) -> str:
    """The last day of a month (`2026-02`)."""
    first = date.fromisoformat(f"{month}-01")
    return ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).isoformat()


def close(month: str, last: Day | None, *, newest: Day | None) -> Day:
    """The totals with which the month ends; `last` are those of its last day, or of a day before it.

    Raises MonthNotOver, and NotFound for a month before the first seal.
    """
    if not is_final(last_day(month), newest):
        raise MonthNotOver
    if last is None:
        raise NotFound
    return last


def revenue(days: Sequence[Day]) -> Iterator[Revenue]:
    """The revenue of each of these days and each currency that moved."""
    for day in days:
        for currency in sorted({currency for _, currency in day.moved}):
            sums = {name: day.moved.get((name, currency), Sum()) for name in (chart.REVENUE, chart.REFUNDS)}
            earned, given = (balance(name, sum) for name, sum in sums.items())
            if earned or given:
                yield Revenue(day.day, currency, earned, given)


def _added(one: Sums, other: Sums) -> Sums:
    both = dict(one)
    for key, sum in other.items():
        both[key] = both.get(key, Sum()).plus(debit=sum.debit, credit=sum.credit)
    return both
