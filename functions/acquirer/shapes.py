"""The processor's objects in the shapes that Stripe publishes for its API, as they stand at one moment.

https://docs.stripe.com/api names each field. A field that this sandbox has no use for is left out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

from acquirer.domain import DISPUTE_FEE, OPEN, WON, Dispute, Intent, Refund
from acquirer.methods import Status
from acquirer.moments import Transaction

Shape = dict[str, Any]


class Listed(TypedDict):
    """A page of a list; `has_more` says whether `starting_after` would find more."""

    object: str
    data: list[Shape]
    has_more: bool
    url: str


def epoch(moment: str | datetime) -> int:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return int(at.timestamp())


def page(found: Sequence[Any], url: str, *, more: bool = False, kind: str = "list") -> Listed:
    return Listed(object=kind, data=list(found), has_more=more, url=url)


class ShownIntent(TypedDict):
    """A payment intent."""

    id: str
    object: str
    amount: int
    amount_received: int
    cancellation_reason: str | None
    capture_method: str
    client_secret: str
    confirmation_method: str
    created: int
    currency: str
    last_payment_error: Shape | None
    latest_charge: str | Shape | None
    livemode: bool
    metadata: dict[str, str]
    next_action: Shape | None
    payment_method: str | None
    payment_method_types: list[str]
    status: str


def intent(one: Intent, now: datetime, *, expanded: bool = False) -> ShownIntent:
    """A payment; with its charge in full instead of the charge's id if that is `expanded`."""
    is_declined = one.status is Status.DECLINED
    latest = charge_id(one)
    return ShownIntent(
        id=one.id,
        object="payment_intent",
        amount=one.amount,
        amount_received=one.amount_captured,
        cancellation_reason=None,
        capture_method="automatic",
        client_secret=f"{one.id}_secret_sandbox",
        confirmation_method="automatic",
        created=epoch(one.created_at),
        currency=one.currency,
        last_payment_error=declined(one) if is_declined else None,
        latest_charge=charge(one, now) if latest and expanded else latest,
        livemode=False,
        metadata=dict(one.metadata),
        next_action=_action(one),
        payment_method=None if is_declined else one.payment_method,
        payment_method_types=["card"],
        status=one.status,
    )


def declined(one: Intent) -> Shape:
    """The error of a declined payment: as the payment shows it, and as the answer to a confirmation is."""
    failed = {
        "message": "Your card was declined.",
        "type": "card_error",
        "doc_url": "https://docs.stripe.com/",
    }
    if one.authenticated_at:
        return failed | {"code": "payment_intent_authentication_failure", "type": "invalid_request_error"}
    return failed | {"code": one.behaviour.code, "decline_code": one.behaviour.decline_code}


def _action(one: Intent) -> Shape | None:
    """The link to the customer's bank. Without an address to return to there is none, as at Stripe."""
    if one.status is not Status.ACTION:
        return None
    if not one.link:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    return {"type": "redirect_to_url", "redirect_to_url": {"url": one.link, "return_url": None}}


def charge_id(one: Intent) -> str | None:
    is_tried = one.status in (Status.SUCCEEDED, Status.PROCESSING, Status.DECLINED)
    return f"ch_{one.suffix}" if is_tried else None


def charge(one: Intent, now: datetime) -> Shape:
    refunded = one.amount_refunded(now)
    status = {Status.SUCCEEDED: "succeeded", Status.PROCESSING: "pending"}.get(one.status, "failed")
    return {
        "id": charge_id(one),
        "object": "charge",
        "amount": one.amount,
        "amount_captured": one.amount_captured,
        "amount_refunded": refunded,
        "created": epoch(one.settles_at or one.created_at),
        "currency": one.currency,
        "disputed": one.dispute(now) is not None,
        "failure_code": one.behaviour.code if status == "failed" else None,
        "livemode": False,
        "metadata": dict(one.metadata),
        "paid": status == "succeeded",
        "payment_intent": one.id,
        "refunded": 0 < one.amount_captured == refunded,
        "status": status,
    }


class ShownRefund(TypedDict):
    """A refund."""

    id: str
    object: str
    amount: int
    charge: str
    created: int
    currency: str
    failure_reason: str | None
    metadata: dict[str, str]
    payment_intent: str
    status: str


def refund(one: Refund, of: Intent, *, now: datetime) -> ShownRefund:
    status = one.status(now)
    return ShownRefund(
        id=one.id,
        object="refund",
        amount=one.amount,
        charge=f"ch_{of.suffix}",
        created=epoch(one.created_at),
        currency=of.currency,
        failure_reason="expired_or_canceled_card" if status == "failed" else None,
        metadata=dict(one.metadata),
        payment_intent=of.id,
        status=status,
    )


def dispute(one: Dispute, of: Intent, *, now: datetime) -> Shape:
    """A dispute with the balance transactions that it has caused by now."""
    status = one.status(now)
    moved: Shape = {"object": "balance_transaction", "currency": of.currency}
    taken: list[Shape] = [{**moved, "amount": -one.amount, "fee": DISPUTE_FEE}]
    returned: list[Shape] = [{**moved, "amount": one.amount, "fee": 0}]
    return {
        "id": dispute_id(of),
        "object": "dispute",
        "amount": one.amount,
        "balance_transactions": taken + (returned if status == WON else []),
        "charge": f"ch_{of.suffix}",
        "created": epoch(one.opens_at),
        "currency": of.currency,
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": of.id,
        "reason": "fraudulent",
        "status": status,
        "evidence_details": {"due_by": epoch(one.closes_at), "past_due": status != OPEN},
    }


def dispute_id(of: Intent) -> str:
    return f"du_{of.suffix}"


def transaction(one: Transaction, now: datetime, *, expanded: bool = False) -> Shape:
    """A movement of the balance; with its source in full instead of the source's id if that is `expanded`."""
    source, full = _source(one, now)
    return {
        "id": one.id,
        "object": "balance_transaction",
        "amount": one.amount,
        "available_on": epoch(one.at),
        "created": epoch(one.at),
        "currency": one.intent.currency,
        "description": None,
        "fee": one.fee,
        "net": one.amount - one.fee,
        "reporting_category": one.category,
        "source": full if expanded else source,
        "status": "available",
        "type": one.type,
    }


def _source(one: Transaction, now: datetime) -> tuple[str, Any]:
    if one.refund:
        return one.refund.id, refund(one.refund, one.intent, now=now)
    if one.dispute:
        return dispute_id(one.intent), dispute(one.dispute, one.intent, now=now)
    return f"ch_{one.intent.suffix}", charge(one.intent, now)
