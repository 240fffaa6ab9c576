"""What the processor's books say of a payment, and the entries that bring ours up to it.

Whoever has told us that something happened: the processor's objects decide, and what precedes comes first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce

from kernel.money import Money
from payments import disputes, domain, sale_refunds
from payments.entries import Entries
from payments.intents import Dispute, DisputeProgress, Intent, Progress, Refund, RefundProgress
from payments.payment import BooksDiffer, Payment, Status, evolve


@dataclass(frozen=True)
class Seen:
    """A payment, its refunds and its disputes, as the processor has them."""

    intent: Intent
    refunds: Sequence[Refund]
    disputes: Sequence[Dispute]

    @property
    def owes(self) -> Money:
        """What the processor owes us for the payment. It is less than 0 after a dispute that was lost."""
        captured = self.intent.amount.amount if self.intent.progress is Progress.CAPTURED else 0
        given = sum(one.amount.amount for one in self.refunds if one.progress is RefundProgress.SUCCEEDED)
        taken = [one for one in self.disputes if one.progress is not DisputeProgress.WON]
        fees = sum(one.fee for one in self.disputes)
        owed = captured - given - sum(one.amount.amount for one in taken) - fees
        return Money(owed, self.intent.amount.currency)


def follow(payment: Payment, seen: Seen) -> Entries:
    """What is not on record yet: the charge's outcome, then disputes, then refunds after the sale.

    What cannot follow what is on record holds up nothing else: the sums differ then.
    """
    decided: Entries = ()
    found = [
        (refund, one)
        for refund, known in payment.refunds.items()
        for one in seen.refunds
        if one.ours == sale_refunds.ours(refund, known)
    ]
    steps = [
        partial(_outcome, intent=seen.intent),
        partial(disputes.follow, found=seen.disputes),
        *(partial(of_refund, refund=name, found=one) for name, one in found),
    ]
    for step in steps:
        try:
            following = step(payment)
        except BooksDiffer:
            continue
        payment = reduce(evolve, following, payment)
        decided += following
    return decided


def of_refund(payment: Payment, *, refund: str, found: Refund) -> Entries:
    """What the processor says of a refund after the sale. Raises BooksDiffer, as `sale_refunds.follow`."""
    return disputes.covering(payment, sale_refunds.follow(payment, refund=refund, found=found))


def difference(payment: Payment, seen: Seen) -> Money | None:
    """By how much the processor owes us more than our books say; None when both agree.

    A payment whose undo is under way is not judged: the undo ends, or parks the order.
    """
    differs = seen.owes.amount - payment.receivable
    if not differs or payment.status is Status.REFUNDING:
        return None
    return Money(differs, payment.started.amount.currency)


def _outcome(payment: Payment, *, intent: Intent) -> Entries:
    """The outcome of a charge that nobody has asked for since."""
    is_known = intent.progress in (Progress.CAPTURED, Progress.DECLINED)
    return domain.settle(payment, intent) if payment.status is Status.PENDING and is_known else ()
