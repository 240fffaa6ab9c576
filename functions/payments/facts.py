"""What each entry of a payment makes public: neither a payment method nor an id of the processor's."""

from collections.abc import Mapping, Sequence

from kernel import identity
from kernel.events import Event
from kernel.money import Money
from payments import entries, events
from payments.entries import Entry
from payments.payment import Payment, evolve


def facts(payment: Payment, entry: Entry) -> Sequence[Event]:
    """The events of an entry that follows the payment's state."""
    if isinstance(entry, entries.OfSaleRefund):
        return _of_refund(payment, entry)
    if isinstance(entry, entries.OfDispute):
        return _of_dispute(payment, entry)
    return _of_charge(payment.order_id, entry)


def _of_charge(order_id: str, entry: Entry) -> Sequence[Event]:
    match entry:
        case entries.Captured():
            return (events.PaymentCaptured(order_id=order_id, amount=entry.moved),)
        case entries.Declined():
            return (events.PaymentDeclined(order_id=order_id, reason=entry.reason),)
        case entries.Voided():
            return (events.PaymentVoided(order_id=order_id),)
        case entries.RefundStarted():
            return (events.RefundStarted(order_id=order_id, amount=entry.amount),)
        case entries.Refunded():
            return (events.PaymentRefunded(order_id=order_id, amount=entry.moved),)
    return ()


def _of_refund(payment: Payment, entry: entries.OfSaleRefund) -> Sequence[Event]:
    """Of a refund the beginning and the outcome are public, not how often the processor was asked."""
    told = REFUNDS.get(type(entry))
    if told is None:
        return ()
    amount = _money(payment, evolve(payment, entry).refunds[entry.refund].amount)
    return (told(order_id=payment.order_id, refund=entry.refund, amount=amount),)


def _of_dispute(payment: Payment, entry: entries.OfDispute) -> Sequence[Event]:
    """A dispute is told by an id of ours, which follows from the processor's."""
    dispute = identity.derive(payment.order_id, entry.dispute)
    amount = _money(payment, evolve(payment, entry).disputes[entry.dispute].amount)
    return (DISPUTES[type(entry)](order_id=payment.order_id, dispute=dispute, amount=amount),)


def _money(payment: Payment, amount: int) -> Money:
    return Money(amount, payment.started.amount.currency)


REFUNDS: Mapping[
    type[Entry], type[events.SaleRefundStarted | events.SaleRefunded | events.SaleRefundFailed]
] = {
    entries.SaleRefundStarted: events.SaleRefundStarted,
    entries.SaleRefunded: events.SaleRefunded,
    entries.SaleRefundFailed: events.SaleRefundFailed,
    entries.SaleRefundSettled: events.SaleRefunded,
}
DISPUTES: Mapping[type[Entry], type[events.DisputeOpened | events.DisputeWon | events.DisputeLost]] = {
    entries.DisputeOpened: events.DisputeOpened,
    entries.DisputeWon: events.DisputeWon,
    entries.DisputeLost: events.DisputeLost,
}
