"""An order's payment: its state, and how each entry changes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from kernel.errors import Fault
from kernel.money import Money
from payments import chart, entries
from payments.chart import Posting
from payments.entries import Entry, PaidBy
from payments.intents import DisputeProgress, RefundProgress

# The version of `evolve` and of the shape of Payment. When either changes, it is raised, so that states which
# the version before has stored are folded again.
FOLD = 2


class BooksDiffer(Fault):
    """Our books and the request or the processor's books do not agree; a human has to look."""


class Status(StrEnum):
    """How a payment stands. NONE means that there is no record; VOIDED without a charge is a tombstone."""

    NONE = "NONE"
    PENDING = "PENDING"
    CAPTURED = "CAPTURED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"
    SOLD = "SOLD"


@dataclass(frozen=True)
class Charge:
    """Who is to pay how much, and the processor's id of the payment; none when a wallet pays."""

    customer_id: str
    amount: Money
    intent_id: str = ""
    paid_by: PaidBy = "card"

    @property
    def is_wallet(self) -> bool:
        return self.paid_by == "wallet"


@dataclass(frozen=True)
class SaleRefund:
    """A part of a sale that goes back, in minor units. The money of one that FAILED is owed still.

    The processor is asked for each `attempt` under an id of its own, since `asked_at` under the `key`th key.
    `ended_by` says how the money of one that FAILED has gone back otherwise.
    """

    amount: int
    asked_at: str
    progress: RefundProgress = RefundProgress.PENDING
    attempt: int = 1
    key: int = 1
    ended_by: str = ""

    @property
    def is_owed(self) -> bool:
        """Whether the refund has failed, and its money has not gone back otherwise."""
        return self.progress is RefundProgress.FAILED and not self.ended_by

    @property
    def is_covered(self) -> bool:
        """Whether the customer's bank has given the money back, and not we."""
        return self.ended_by == entries.SaleRefundCovered.by


@dataclass(frozen=True)
class Disputed:
    """Money that the customer's bank took back, and the processor's fee for it, in minor units."""

    amount: int
    fee: int = 0
    progress: DisputeProgress = DisputeProgress.OPEN


@dataclass(frozen=True)
class Payment:
    """An order's payment, folded from its entries. `held` is the balance of its account, in minor units.

    `receivable` is what the processor owes us for the order. `refunds` are those after the sale, by our own
    id, and `disputes` are by the processor's.
    """

    order_id: str
    status: Status = Status.NONE
    charge: Charge | None = None
    reason: str = ""
    held: int = 0
    receivable: int = 0
    refunds: Mapping[str, SaleRefund] = field(default_factory=dict)
    disputes: Mapping[str, Disputed] = field(default_factory=dict)

    @property
    def started(self) -> Charge:
        """The charge. Raises BooksDiffer for a payment without a charge, which is NONE or a tombstone."""
        if self.charge is None:
            raise BooksDiffer
        return self.charge

    def disputed(self, *progress: DisputeProgress) -> int:
        """What is disputed with that progress, in minor units."""
        return sum(one.amount for one in self.disputes.values() if one.progress in progress)

    @property
    def is_settled(self) -> bool:
        """Whether the processor's answer to the charge is on record."""
        return self.status in (Status.CAPTURED, Status.SOLD, Status.DECLINED)

    @property
    def is_undone(self) -> bool:
        """Whether no money is captured for the order, now and for ever.

        A missing record is not enough, since a late charge may still come. A decline is not enough either:
        until the processor was told to cancel the payment, a late confirmation may capture it, and no
        record says whether the processor was told.
        """
        return self.status in (Status.VOIDED, Status.REFUNDED)

    @property
    def is_unsold(self) -> bool:
        """Whether money of the customer is held for an order that has not ended in payments."""
        return self.status in (Status.CAPTURED, Status.REFUNDING)

    @property
    def is_held(self) -> bool:
        """Whether the order is paid."""
        return self.status in (Status.CAPTURED, Status.SOLD)


def evolve(payment: Payment, entry: Entry) -> Payment:
    """The payment after the entry. Raises UnknownEntry for an entry of another kind of stream."""
    held = chart.balance(chart.ORDER, entry.postings, before=payment.held)
    receivable = chart.balance(chart.RECEIVABLE, entry.postings, before=payment.receivable)
    after = replace(payment, held=held, receivable=receivable)
    match entry:
        case entries.ChargeStarted():
            return replace(after, status=Status.PENDING, charge=_charge(entry))
        case entries.Declined():
            return replace(after, status=Status.DECLINED, reason=entry.reason)
        case entries.BroughtForward():
            charge = _charge(entry.charge) if entry.charge else None
            return replace(after, status=Status(entry.status), charge=charge, reason=entry.reason)
        case entries.OfSaleRefund():
            known = payment.refunds.get(entry.refund)
            return replace(after, refunds={**payment.refunds, entry.refund: _refund(known, entry)})
        case entries.OfDispute():
            disputed = _disputed(payment.disputes.get(entry.dispute), entry)
            return replace(after, disputes={**payment.disputes, entry.dispute: disputed})
    if type(entry) not in STATUS_AFTER:
        raise entries.UnknownEntry(type=type(entry).__name__)
    return replace(after, status=STATUS_AFTER[type(entry)])


STATUS_AFTER = {
    entries.Captured: Status.CAPTURED,
    entries.Voided: Status.VOIDED,
    entries.RefundStarted: Status.REFUNDING,
    entries.Refunded: Status.REFUNDED,
    entries.SalePosted: Status.SOLD,
}


def _refund(known: SaleRefund | None, entry: entries.OfSaleRefund) -> SaleRefund:
    """The refund after the entry. Raises UnknownEntry for an entry that cannot come first."""
    if isinstance(entry, entries.SaleRefundStarted):
        return SaleRefund(entry.amount.amount, entry.at)
    match known, entry:
        case SaleRefund(), entries.SaleRefundKeyChanged():
            return replace(known, key=entry.key, asked_at=entry.at)
        case SaleRefund(), entries.SaleRefunded():
            return replace(known, progress=RefundProgress.SUCCEEDED)
        case SaleRefund(), entries.SaleRefundFailed():
            return replace(known, progress=RefundProgress.FAILED)
        case SaleRefund(), entries.SaleRefundRetried():
            return SaleRefund(known.amount, entry.at, attempt=entry.attempt)
        case SaleRefund(), entries.SaleRefundCovered() | entries.SaleRefundSettled():
            return replace(known, ended_by=entry.by)
    raise entries.UnknownEntry(type=type(entry).__name__)


def _disputed(known: Disputed | None, entry: entries.OfDispute) -> Disputed:
    """The dispute after the entry. Raises UnknownEntry for an entry that cannot come first."""
    match known, entry:
        case None, entries.DisputeOpened():
            return Disputed(entry.amount.amount, entry.fee)
        case Disputed(), entries.DisputeWon():
            return replace(known, progress=DisputeProgress.WON)
        case Disputed(), entries.DisputeLost():
            return replace(known, progress=DisputeProgress.LOST)
    raise entries.UnknownEntry(type=type(entry).__name__)


def captured_of(charge: Charge | entries.ChargeStarted) -> Posting:
    """The posting of a capture: the processor has the customer's money, for the order."""
    return moved(charge, "capture", debit=chart.RECEIVABLE, credit=chart.ORDER)


def moved(charge: Charge | entries.ChargeStarted, code: str, *, debit: str, credit: str) -> Posting:
    """A posting of the whole amount of the charge."""
    return Posting(code, debit, credit, charge.amount.amount, charge.amount.currency, charge.intent_id)


def _charge(entry: entries.ChargeStarted) -> Charge:
    return Charge(entry.customer_id, entry.amount, entry.intent_id, entry.paid_by)
