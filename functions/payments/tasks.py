"""The saga's steps in payments (charge the payment, refund it), and a payment's status for checkout.

A step may die before and after any call and any write. So every run starts from the ledger, asks the
processor by the id that is on record there, and repeats calls with keys that follow from the order id.
"""

from functools import partial
from typing import NoReturn

from pydantic import BaseModel

from kernel import identity
from kernel.errors import Contended
from kernel.money import Money
from kernel.triggers.claims import Batch, Look, claim_due
from kernel.triggers.tasks import Step, task
from payments import adapters, circuit, disputes, domain, looks, registrations, sales, store, wallets
from payments.intents import Intent, Progress, Refund
from payments.ledger import Head
from payments.payment import Charge, Payment, Status


class ChargePayment(Step):
    order_id: str
    customer_id: str
    payment_method: str
    total: Money


class RefundPayment(Step):
    order_id: str


class PostSale(Step):
    order_id: str


class ClaimUnsold(Look):
    """Asks for the orders whose money is held for too long."""


class Unsold(Batch):
    order_ids: list[str]


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
    head = store.load(step.order_id)
    domain.must_be_open(head.state, step.total)
    if not head.state.is_settled:
        head = _begun(head, step) if head.state.charge is None else _charged(head, step)
    return Done(order_id=step.order_id, status=domain.outcome(head.state))


@task(RefundPayment, about="order_id")
def refund_payment(step: RefundPayment) -> Done:
    """Gives back the money that was captured for the order, and rules out any later capture."""
    refund = identity.derive(step.order_id, "refund")
    head = _undone(store.load(step.order_id), refund, cause=step.cause)
    if head.state.status is Status.REFUNDING:
        head = _given_back(head, refund, cause=step.cause)
    return Done(order_id=step.order_id, status=head.state.status)


@task(PostSale, about="order_id")
def post_sale(step: PostSale) -> Done:
    """Turns the money of a confirmed order into revenue, in case its OrderConfirmed was lost."""
    return Done(order_id=step.order_id, status=sales.post(step.order_id, cause=step.cause))


@task(ClaimUnsold)
def claim_unsold(step: ClaimUnsold) -> Unsold:
    """The orders whose money has been held for over an hour."""
    order_ids, batch = claim_due(step, read=store.unsold, claim=store.claim_unsold)
    return Unsold(order_ids=order_ids, failed=batch.failed, after=batch.after)


@task(PaymentStatus, about="order_id")
def payment_status(step: PaymentStatus) -> Standing:
    """Tells how the payment stands in our own books, and changes nothing."""
    payment = store.load(step.order_id).state
    return Standing(
        order_id=step.order_id, status=payment.status, undone=payment.is_undone, held=payment.is_held
    )


def _begun(head: Head[Payment], step: ChargePayment) -> Head[Payment]:
    """Charges the method that the customer has registered under the id."""
    method = registrations.load(step.payment_method, customer_id=step.customer_id) or _refused(step)
    if method.is_wallet:
        return wallets.charge(step.order_id, step.customer_id, total=step.total, cause=step.cause)
    started = circuit.new_charge(partial(_started, head, step, method.token))
    return _settled(*started, cause=step.cause)


def _charged(head: Head[Payment], step: ChargePayment) -> Head[Payment]:
    """Goes on with a charge that another run has begun. It is never cut off: it may have been captured."""
    if head.state.started.is_wallet:
        return wallets.charge(step.order_id, step.customer_id, total=step.total, cause=step.cause)
    resumed = _resumed(head)
    circuit.trust()
    return _settled(*resumed, cause=step.cause)


def _settled(head: Head[Payment], intent: Intent | None, *, cause: str) -> Head[Payment]:
    """A decline is on record before the saga is told of it."""
    return store.record(head, partial(domain.settle, intent=intent), cause=cause) if intent else head


def _started(head: Head[Payment], step: ChargePayment, token: str) -> tuple[Head[Payment], Intent | None]:
    """Records the payment's id before it is confirmed: an undo finds it, or its tombstone keeps it out."""
    key = identity.derive(step.order_id, "payment")
    intent = adapters.provider().create(token, step.total, reference=step.order_id, key=key)
    if intent.progress is Progress.DECLINED:  # the processor has made no payment, so there is none to confirm
        return head, intent
    charge = Charge(step.customer_id, step.total, intent.id)
    head = store.record(head, partial(domain.start, charge=charge), cause=step.cause)
    is_ours = head.state.status is Status.PENDING and head.state.charge == charge
    return (head, _confirmed(head.state)) if is_ours else _resumed(head)


def _refused(step: ChargePayment) -> NoReturn:
    """A missing method is no refusal once another run has started the charge."""
    raise domain.UnknownPaymentMethod if store.load(step.order_id).state.status is Status.NONE else Contended


def _resumed(head: Head[Payment]) -> tuple[Head[Payment], Intent | None]:
    """Asks for the payment before it confirms it again, since the processor forgets keys."""
    if head.state.is_settled:
        return head, None
    intent = adapters.provider().retrieve(head.state.started.intent_id)
    return head, _confirmed(head.state) if intent.progress is Progress.UNCONFIRMED else intent


def _confirmed(payment: Payment) -> Intent:
    key = identity.derive(payment.order_id, "confirm")
    return adapters.provider().confirm(payment.started.intent_id, key=key)


def _undone(head: Head[Payment], refund: str, *, cause: str) -> Head[Payment]:
    if head.state.charge and head.state.charge.is_wallet:
        return wallets.undo(head.state, refund=refund, cause=cause)
    if not domain.may_yet_capture(head.state):
        return store.record(head, partial(domain.undo, refund=refund), cause=cause)
    intent = adapters.provider().cancel(head.state.started.intent_id)
    return store.record(head, partial(domain.undo_cancelled, intent=intent, refund=refund), cause=cause)


def _given_back(head: Head[Payment], refund: str, *, cause: str) -> Head[Payment]:
    """Gives back what no bank has given back. Asks only if nobody has, since the processor forgets keys.

    Raises StillProcessing while a refund is pending, Disputed during a dispute, and RefundFailed.
    """
    intent_id = head.state.started.intent_id
    known = adapters.provider().refunds(intent_id)
    if domain.has_all_failed(known):
        head = looks.disputes_of(head, cause=cause)
        disputes.must_not_be_open(head.state)
        owed = domain.to_go_back(head.state)
        known = _asked(intent_id, owed, known, refund=refund) if owed.amount else ()
    given = partial(domain.refunded, refunds=domain.given_back(known, refund), refund=refund)
    return store.record(head, given, cause=cause)


def _asked(intent_id: str, owed: Money, known: tuple[Refund, ...], *, refund: str) -> tuple[Refund, ...]:
    """The refunds, with ours. One of ours that has failed is not asked for again."""
    if any(one.ours == refund for one in known):
        return known
    return (*known, adapters.provider().refund(intent_id, owed, refund_id=refund, key=refund))
