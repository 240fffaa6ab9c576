"""The saga's steps in payments (charge the payment, refund it), and a payment's status for checkout.

A step may die before and after any call and any write. So every run starts from the record, asks the
processor by the id in that record, and repeats calls with keys that follow from the order id.
"""

from typing import NoReturn

from pydantic import BaseModel

from kernel import identity
from kernel.errors import Contended
from kernel.events import Decision
from kernel.money import Money
from kernel.triggers.tasks import Step, task
from payments import adapters, domain, store
from payments.domain import Charge, Payment, Status
from payments.intents import Intent, Progress


class ChargePayment(Step):
    order_id: str
    customer_id: str
    payment_method: str
    total: Money


class RefundPayment(Step):
    order_id: str


class PaymentStatus(Step):
    order_id: str


class Done(BaseModel):
    """The order's payment after a step."""

    order_id: str
    status: Status


class Standing(BaseModel):
    """`undone`: nothing is captured for the order, now and for ever. `held`: the order is paid."""

    order_id: str
    status: Status
    undone: bool
    held: bool


@task(
    ChargePayment,
    about="order_id",
    refuses=(domain.ChargeVoided, domain.PaymentDeclined, domain.UnknownPaymentMethod),
)
def charge_payment(step: ChargePayment) -> Done:
    """Captures the total once (ChargeVoided, PaymentDeclined, UnknownPaymentMethod)."""
    payment, token = store.survey(step.order_id, step.payment_method, customer_id=step.customer_id)
    domain.must_be_open(payment, step.total)
    if not payment.is_settled:
        payment, intent = _started(payment, token, step) if payment.charge is None else _resumed(payment)
        # A decline is on record before the saga is told of it.
        payment = store.save(domain.settle(payment, intent), cause=step.cause)
    return Done(order_id=step.order_id, status=domain.outcome(payment))


@task(RefundPayment, about="order_id")
def refund_payment(step: RefundPayment) -> Done:
    """Gives back the money that was captured for the order, and rules out any later capture."""
    payment = store.load(step.order_id)
    payment = store.save(_undo(payment), cause=step.cause)
    if payment.status is Status.REFUNDING:
        payment = store.save(domain.refunded(payment, _refunds(payment)), cause=step.cause)
    return Done(order_id=step.order_id, status=payment.status)


@task(PaymentStatus, about="order_id")
def payment_status(step: PaymentStatus) -> Standing:
    """Tells how the payment stands in our own books, and changes nothing."""
    payment = store.load(step.order_id)
    return Standing(
        order_id=step.order_id, status=payment.status, undone=payment.is_undone, held=payment.is_held
    )


def _started(payment: Payment, token: str | None, step: ChargePayment) -> tuple[Payment, Intent]:
    """Records the payment's id before it confirms it: an undo finds the id, or its tombstone keeps it out."""
    token = token or _refused(step)
    key = identity.derive(step.order_id, "payment")
    intent = adapters.provider().create(token, step.total, reference=step.order_id, key=key)
    charge = Charge(step.customer_id, step.total, intent.id)
    return _confirmed(store.save(domain.start(payment, charge), cause=step.cause))


def _refused(step: ChargePayment) -> NoReturn:
    """A missing method is no refusal once another run has started the charge."""
    payment, _ = store.survey(step.order_id, step.payment_method, customer_id=step.customer_id)
    raise domain.UnknownPaymentMethod if payment.status is Status.NONE else Contended


def _resumed(payment: Payment) -> tuple[Payment, Intent]:
    """Asks for the payment before it confirms it again, since the processor forgets keys."""
    intent = adapters.provider().retrieve(payment.started.intent_id)
    return _confirmed(payment) if intent.progress is Progress.UNCONFIRMED else (payment, intent)


def _confirmed(payment: Payment) -> tuple[Payment, Intent]:
    key = identity.derive(payment.order_id, "confirm")
    return payment, adapters.provider().confirm(payment.started.intent_id, key=key)


def _undo(payment: Payment) -> Decision[Payment]:
    if not domain.may_yet_capture(payment):
        return domain.undo(payment)
    return domain.undo_cancelled(payment, adapters.provider().cancel(payment.started.intent_id))


def _refunds(payment: Payment) -> tuple[int, ...]:
    """The processor's refunds. Asks for a refund only if there is none, since the processor forgets keys."""
    key = identity.derive(payment.order_id, "refund")
    charge = payment.started
    known = adapters.provider().refunds(charge.intent_id)
    return known or (adapters.provider().refund(charge.intent_id, charge.amount.amount, key=key),)
