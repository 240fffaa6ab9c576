"""Looks at the processor's books, and brings ours up to them: what has one right answer settles itself."""

from functools import partial

from kernel import identity
from kernel.money import Money
from payments import adapters, difference_rows, disputes, refund_rows, seen, store
from payments.differences import Difference, Kind
from payments.intents import DisputeProgress, Intent, Progress, RefundProgress
from payments.ledger import Head
from payments.payment import Payment
from payments.refund_rows import Row
from payments.seen import Seen


def disputes_of(head: Head[Payment], *, cause: str) -> Head[Payment]:
    """The payment once it is on record what the processor says of its disputes."""
    found = adapters.provider().disputes(head.state.started.intent_id)
    return store.record(head, partial(disputes.follow, found=found), cause=cause)


def at(intent_id: str, *, cause: str, hint: str = "") -> Difference | None:
    """Brings our books up to the processor's payment, and answers what differs all the same.

    What a `hint` has led to is put on record once. Raises what the processor's calls raise, and Contended.
    """
    intent = adapters.provider().retrieve(intent_id)
    head = store.load(intent.reference) if intent.reference else None
    if head is None or head.state.charge is None or head.state.charge.intent_id != intent_id:
        return _unknown(intent)
    known = _seen(intent)
    head = store.record(head, partial(seen.follow, seen=known), cause=cause, hint=hint)
    _list_refunds(head.state)
    return _left(head, known)


def note(difference: Difference | None) -> None:
    """Raises a difference, if there is one, for a person to look at."""
    if difference:
        difference_rows.raise_(difference)


def _left(head: Head[Payment], known: Seen) -> Difference | None:
    """What is left to a person when all that can follow is on record."""
    if differs := seen.difference(head.state, known):
        return Difference(Kind.PAYMENT_DIFFERS, known.intent.id, differs, head.id)
    if disputed := head.state.disputed(DisputeProgress.OPEN):
        taken = Money(-disputed, known.intent.amount.currency)
        return Difference(Kind.DISPUTE, known.intent.id, taken, head.id)
    return None


def _unknown(intent: Intent) -> Difference | None:
    """A payment that no order of ours names. Nobody has lost anything by one that is not captured."""
    if intent.progress is not Progress.CAPTURED:
        return None
    owed = _seen(intent).owes
    return Difference(Kind.UNKNOWN_PAYMENT, intent.id, owed) if owed.amount else None


def _seen(intent: Intent) -> Seen:
    """The payment with its refunds and its disputes, as the processor has them now."""
    provider = adapters.provider()
    return Seen(intent, provider.refunds(intent.id), provider.disputes(intent.id))


def _list_refunds(payment: Payment) -> None:
    """Lists refunds that have failed. Those whose money has gone back otherwise leave the list."""
    for refund, known in payment.refunds.items():
        if known.progress is RefundProgress.FAILED:
            refund_rows.list_failed(Row(payment.order_id, refund), known, now=identity.now())
