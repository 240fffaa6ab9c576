"""The settlement: what the processor keeps and pays out, by its own movements of our balance.

It is a stream of the ledger with one commit for each window of time, so each movement is posted once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kernel.events import Event
from kernel.money import Money
from payments import chart, entries
from payments.chart import Posting
from payments.differences import Difference
from payments.differences import Kind as Differs
from payments.entries import Entries, Entry
from payments.intents import Kind, Transaction

FOLD = 1
# The processor lists a movement within moments, and our books have it within minutes.
PATIENCE = timedelta(hours=1)
# The longest window of one run, and how far back the first run looks. After so long a quiet window ends, too.
LONGEST = timedelta(days=1)
# The fee of a dispute is on record with the dispute, and no other fee is on record with a payment.
DISPUTES = (Kind.DISPUTE, Kind.DISPUTE_REVERSED)
Place = tuple[str, str]  # the processor's id of a payment, and a currency


@dataclass(frozen=True)
class Settlement:
    """Until when (RFC 3339) the processor's movements are posted."""

    account: str
    until: str = ""


@dataclass(frozen=True)
class Window:
    """A time on whose movements both sides agree by now."""

    since: datetime
    until: datetime


def window(settlement: Settlement, now: datetime) -> Window | None:
    """The next window, in whole seconds as the processor counts; None while there is none."""
    until = (now - PATIENCE).replace(microsecond=0)
    since = datetime.fromisoformat(settlement.until) if settlement.until else until - LONGEST
    return Window(since, min(until, since + LONGEST)) if since < until else None


def settle(settlement: Settlement, *, of: Window, movements: Sequence[Transaction]) -> Entries:
    """Posts the fees and the payouts of a window, once. A short window without any is left to the next."""
    if settlement.until and settlement.until != of.since.isoformat():
        return ()
    postings = (*_fees(movements), *_payouts(movements))
    if not movements and of.until - of.since < LONGEST:
        return ()
    return (entries.Settled(since=of.since.isoformat(), until=of.until.isoformat(), postings=postings),)


def by_payment(movements: Iterable[Transaction]) -> dict[Place, int]:
    """By how much the processor owes us more for each payment and currency, in minor units."""
    found: dict[Place, int] = {}
    for one in movements:
        if _is_of_a_payment(one):
            moved, place = one.net if one.kind in DISPUTES else one.amount, (one.intent_id, one.currency)
            found[place] = found.get(place, 0) + moved
    return found


def suspects(movements: Sequence[Transaction], ours: Mapping[Place, int]) -> Iterator[tuple[str, Money]]:
    """The payments that moved otherwise at the processor than in the ledger, and by how much more.

    A payment with a new dispute is one as well: nothing moves when a dispute is lost, so it is to be listed.
    """
    theirs = by_payment(movements)
    disputed = {one.intent_id for one in movements if one.kind is Kind.DISPUTE}
    for place in sorted({*theirs, *ours}):
        intent_id, currency = place
        more = theirs.get(place, 0) - ours.get(place, 0)
        if more or intent_id in disputed:
            yield intent_id, Money(more, currency)


def unknown(movements: Iterable[Transaction]) -> Iterator[Difference]:
    """The movements that are about no payment, and are no payout."""
    for one in movements:
        if not _is_of_a_payment(one) and one.kind not in (Kind.PAYOUT, Kind.FEE):
            yield Difference(Differs.UNKNOWN_MOVEMENT, one.id, Money(one.net, one.currency))


def evolve(settlement: Settlement, entry: Entry) -> Settlement:
    """The settlement after the entry. Raises UnknownEntry for an entry of another kind of stream."""
    for posting in entry.postings:
        chart.check(posting)
    if not isinstance(entry, entries.Settled):
        raise entries.UnknownEntry(type=type(entry).__name__)
    return replace(settlement, until=entry.until)


def facts(settlement: Settlement, entry: Entry) -> Sequence[Event]:
    """Nothing: what the processor charges is nobody else's business."""
    return ()


def _fees(movements: Iterable[Transaction]) -> Iterator[Posting]:
    """What the processor keeps of payments, and what it charges apart, by currency."""
    sums: dict[str, int] = {}
    for one in movements:
        if one.kind is Kind.FEE:
            sums[one.currency] = sums.get(one.currency, 0) - one.net
        elif _is_of_a_payment(one) and one.kind not in DISPUTES:
            sums[one.currency] = sums.get(one.currency, 0) + one.fee
    for currency, fee in sorted(sums.items()):
        if fee:
            yield _moved("fees", chart.FEES, fee, currency)


def _is_of_a_payment(one: Transaction) -> bool:
    return bool(one.intent_id) and one.kind not in (Kind.OTHER, Kind.FEE)


def _payouts(movements: Iterable[Transaction]) -> Iterator[Posting]:
    """What went to our bank account. A payout that came back went the other way."""
    for one in movements:
        if one.kind is Kind.PAYOUT and one.net:
            yield _moved("payout", chart.BANK, -one.net, one.currency, reference=one.id)


def _moved(code: str, account: str, amount: int, currency: str, *, reference: str = "") -> Posting:
    sides = (account, chart.RECEIVABLE) if amount > 0 else (chart.RECEIVABLE, account)
    return Posting(code, *sides, abs(amount), currency, reference)
