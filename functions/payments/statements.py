"""Statements: what happened to one account that is a stream, and its balance as of any moment.

An answer is cut by the number of a seal, not by a time: a commit may become known after its time has passed.
So an answer that was final once is the same for ever, and a late commit counts from its seal on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from payments import chart
from payments.chart import Posting
from payments.entries import Entries, Entry, Mirrored


class By(StrEnum):
    """The time by which a period is told: when the ledger recorded it, or when the money moved."""

    RECORDED = "recorded"
    EFFECTIVE = "effective"


@dataclass(frozen=True)
class Recorded:
    """A commit of a stream. `seal` is the number of the seal that holds it, and None while none does.

    Times are RFC 3339, UTC, to the microsecond. A record of the release before the ledger has seal 0 and no
    times: it counts from the beginning.
    """

    version: int
    recorded_at: str
    effective_at: str
    entries: Entries
    seal: int | None


@dataclass(frozen=True)
class Cut:
    """The commits that count at a moment: those in the seals up to number `seal`.

    Beyond the newest seal the cut is provisional: what no seal holds yet counts by its own time.
    """

    moment: str
    seal: int
    provisional: bool

    def holds(self, commit: Recorded) -> bool:
        if commit.seal is not None:
            return commit.seal <= self.seal
        return self.provisional and commit.recorded_at <= self.moment


NOTHING = Cut("", 0, provisional=False)


@dataclass(frozen=True)
class Period:
    """What a statement is asked about: after `since`, until `until`, as was known at `known`.

    By recorded time, the period is what `until` holds and `since` does not. By effective time, it is what
    `known` holds and has its time between the two moments.
    """

    by: By
    since: Cut
    until: Cut
    known: Cut


@dataclass(frozen=True)
class Line:
    """A posting of the account. `amount` is what it added on the account's normal side, in minor units.

    `name` is the commit's version and the posting's place in it. `running` is the balance after the line, in
    its currency.
    """

    name: str
    seal: int | None
    recorded_at: str
    effective_at: str
    entry: str
    posting: Posting
    amount: int
    running: int = 0
    reverses: str = ""
    reversed_by: str = ""


Balances = Mapping[str, int]


@dataclass(frozen=True)
class Statement:
    """The lines of a period, and the balance of each currency before the first and after the last of them."""

    opening: Balances
    lines: Sequence[Line]
    closing: Balances


def statement(account: str, commits: Iterable[Recorded], *, period: Period) -> Statement:
    """The account's statement of the period, from the commits of its stream in order."""
    known = [commit for commit in commits if period.known.holds(commit)]
    lines = _reversed([line for commit in known for line in _lines(account, commit)])
    if period.by is By.EFFECTIVE:
        lines.sort(key=lambda line: line.effective_at)  # what moved at one time stays in the order of commits
        before = [line for line in lines if line.effective_at <= period.since.moment]
        within = [line for line in lines if period.since.moment < line.effective_at <= period.until.moment]
        return _run(before, within)
    opening = {commit.version for commit in known if period.since.holds(commit)}
    reached = {commit.version for commit in known if period.until.holds(commit)} - opening
    return _run([one for one in lines if _of(one) in opening], [one for one in lines if _of(one) in reached])


def balance(account: str, commits: Iterable[Recorded], *, cut: Cut) -> Balances:
    """The account's balance of each currency, as of the cut."""
    return statement(account, commits, period=Period(By.RECORDED, NOTHING, cut, cut)).closing


def _run(before: Iterable[Line], within: Iterable[Line]) -> Statement:
    opening: dict[str, int] = {}
    for line in before:
        opening[line.posting.currency] = opening.get(line.posting.currency, 0) + line.amount
    closing, running = dict(opening), list[Line]()
    for line in within:
        closing[line.posting.currency] = closing.get(line.posting.currency, 0) + line.amount
        running.append(replace(line, running=closing[line.posting.currency]))
    return Statement(opening, running, closing)


def _reversed(lines: Sequence[Line]) -> list[Line]:
    names = {line.posting.label: line.name for line in lines if not line.posting.reverses}
    back = {line.name: names.get(line.posting.reverses, "") for line in lines}
    by = {taken: name for name, taken in back.items()}
    return [replace(line, reverses=back[line.name], reversed_by=by.get(line.name, "")) for line in lines]


def _lines(account: str, commit: Recorded) -> Iterable[Line]:
    postings = [(type(entry).__name__, each) for entry in commit.entries for each in _postings(entry)]
    for place, (entry, posting) in enumerate(postings, start=1):
        if account in (posting.debit, posting.credit):
            yield Line(
                name=f"{commit.version}.{place}",
                seal=commit.seal,
                recorded_at=commit.recorded_at,
                effective_at=commit.effective_at,
                entry=entry,
                posting=posting,
                amount=chart.moved(account, posting),
            )


def _postings(entry: Entry) -> Sequence[Posting]:
    """The entry's postings. A wallet shows what an order has posted to it, too."""
    return (*entry.postings, *entry.mirror) if isinstance(entry, Mirrored) else entry.postings


def _of(line: Line) -> int:
    return int(line.name.partition(".")[0])
