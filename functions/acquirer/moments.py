"""What happens to a payment as time goes by: the movements of the balance, and the events that are told.

Each has a time that follows from the payment's record. It may lie ahead, and then it has not happened yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from acquirer.domain import DISPUTE_FEE, Dispute, Intent, Refund, as_of
from acquirer.methods import Status

# What a capture costs the merchant: so many thousandths of the amount, and a fixed amount.
FEE_THOUSANDTHS, FEE_FIXED = 29, 25
# Digits become letters, so that the time in a transaction's id is no card number.
LETTERS = str.maketrans("0123456789", "abcdefghij")
DIGITS = str.maketrans("abcdefghij", "0123456789")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AGES = timedelta(days=36500)


@dataclass(frozen=True)
class Transaction:
    """A movement of the merchant's balance: `amount` before the `fee`, in minor units."""

    type: str
    category: str
    at: datetime
    amount: int
    fee: int
    intent: Intent
    refund: Refund | None = None
    dispute: Dispute | None = None

    @property
    def id(self) -> str:
        """Begins with its time, so that ids are in order of time."""
        about = self.refund.id.removeprefix("re_") if self.refund else self.intent.suffix
        return f"txn_{_stamp(self.at)}_{self.category}_{about}"


@dataclass(frozen=True)
class Moment:
    """Something that a webhook is told: an event's type, its time, and the refund that it is about."""

    type: str
    at: datetime
    refund: Refund | None = None

    @property
    def name(self) -> str:
        """The same for the same event of a payment, however often it is found."""
        return f"{self.type} {self.refund.id}" if self.refund else self.type


def _stamp(at: datetime) -> str:
    micros = (at - EPOCH) // timedelta(microseconds=1)
    return f"{micros:017d}".translate(LETTERS)


def time_of(transaction_id: str) -> datetime:
    """The time in a transaction's id. Raises ValueError for an id of another form."""
    micros = int(transaction_id.split("_")[1].translate(DIGITS)) if transaction_id.count("_") > 1 else -1
    if micros < 0:
        raise ValueError("no id of a transaction")
    return EPOCH + timedelta(microseconds=micros)


def transactions(intent: Intent) -> Iterator[Transaction]:
    """Every movement that the payment causes, in no order, also those that lie ahead."""
    if not intent.settles_at:
        return
    captured = datetime.fromisoformat(intent.settles_at)
    fee = (intent.amount * FEE_THOUSANDTHS + 500) // 1000 + FEE_FIXED
    yield Transaction("charge", "charge", captured, intent.amount, fee, intent)
    for refund in intent.refunds:
        asked = datetime.fromisoformat(refund.created_at)
        yield Transaction("refund", "refund", asked, -refund.amount, 0, intent, refund)
        if refund.fails_at:
            failed = datetime.fromisoformat(refund.fails_at)
            yield Transaction("refund_failure", "refund_failure", failed, refund.amount, 0, intent, refund)
    if dispute := _in_the_end(intent):
        moved = partial(Transaction, "adjustment", intent=intent, dispute=dispute)
        yield moved("dispute", dispute.opens_at, -dispute.amount, DISPUTE_FEE)
        if dispute.won:
            yield moved("dispute_reversal", dispute.closes_at, dispute.amount, 0)


def moments(intent: Intent) -> Iterator[Moment]:
    """Every event of the payment that a webhook is told, in no order, also those that lie ahead.

    A webhook is told what no answer has told: what happens later.
    """
    if intent.authenticated_at:
        failed = intent.status is Status.DECLINED
        kind = "payment_intent.payment_failed" if failed else "payment_intent.succeeded"
        yield Moment(kind, datetime.fromisoformat(intent.authenticated_at))
    elif intent.behaviour.outcome is Status.PROCESSING and intent.settles_at:
        yield Moment("payment_intent.succeeded", datetime.fromisoformat(intent.settles_at))
    for refund in intent.refunds:
        if refund.fails_at > refund.created_at:
            yield Moment("refund.failed", datetime.fromisoformat(refund.fails_at), refund)
        if refund.settles_at > refund.created_at:
            yield Moment("refund.updated", datetime.fromisoformat(refund.settles_at), refund)
    if dispute := _in_the_end(intent):
        yield Moment("charge.dispute.created", dispute.opens_at)
        yield Moment("charge.dispute.closed", dispute.closes_at)


def untold(intent: Intent) -> list[Moment]:
    """The events that no webhook has been told, the earliest first."""
    left = (moment for moment in moments(intent) if moment.name not in intent.told)
    return sorted(left, key=lambda moment: (moment.at, moment.name))


def _in_the_end(intent: Intent) -> Dispute | None:
    """The dispute that the payment has, or will have as things stand now."""
    far = datetime.fromisoformat(intent.created_at) + AGES
    return as_of(intent, far).dispute(far)
