"""The processor over HTTP: payment intents and refunds, for the bearer of the secret only."""

import hmac
from dataclasses import asdict
from typing import Annotated, Any, TypedDict

from pydantic import Field, StringConstraints

from acquirer import domain, store
from acquirer.domain import IdempotencyError, Intent, Refund
from kernel import identity
from kernel.errors import InvalidRequest, NotFound, Unauthenticated
from kernel.privacy import PaymentToken
from kernel.triggers.http import Api, Body, Response, Slug, answer

OUTAGE = "The test method asks for a failing processor, so this fails on purpose and is no alarm."
Amount = Annotated[int, Field(ge=1, le=10**14)]


class NewIntent(Body):
    amount: Amount
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    payment_method: PaymentToken
    reference: Slug


class NewRefund(Body):
    payment_intent: Slug
    amount: Amount


def bearer_only() -> None:
    """Raises Unauthenticated without the secret. Compares in constant time, so that delays tell nothing."""
    given = api.header("Authorization")
    if not hmac.compare_digest(given.encode(), f"Bearer {store.secret()}".encode()):
        raise Unauthenticated


class Shown(TypedDict):
    """A payment intent in the form of the processor's API."""

    id: str
    amount: int
    currency: str
    payment_method: str
    reference: str
    status: domain.Status
    amount_captured: int
    amount_refunded: int
    last_payment_error: dict[str, str] | None


class Listed(TypedDict):
    """A list in the form of the processor's API."""

    data: list[dict[str, Any]]


api = handler = Api(before=bearer_only)


@api.post("/payment_intents", role=None, takes=NewIntent, answers={200: Shown}, refuses=(IdempotencyError,))
def create_intent() -> Response:
    """Creates a payment that captures nothing yet. The same key gives the same payment."""
    asked = api.body(NewIntent)
    intent = Intent(
        id=f"pi_{identity.derive('intent', api.idempotency_key())}",
        created_at=identity.now().isoformat(),
        **asked.model_dump(),
    )
    created = store.create(intent)
    if created.terms != intent.terms:
        raise IdempotencyError(type="idempotency_error")
    return answer(200, domain.shown(created))


@api.post(
    "/payment_intents/<intent_id>/confirm",
    role=None,
    answers={200: Shown},
    refuses=(NotFound, domain.Busy, domain.UnexpectedState),
)
def confirm_intent(intent_id: str) -> Response:
    """Captures or declines, then answers with the delay or the error that the test method asks for."""
    intent = store.load(intent_id)
    confirmation = identity.derive("confirm", api.idempotency_key())
    if intent.behaviour.fails_before:
        return _outage()
    confirmed = domain.confirm(intent, confirmation, now=identity.now())
    if confirmed != intent:
        store.save(confirmed)
        identity.pause(confirmed.behaviour.seconds)
    if confirmed.behaviour.fails_after:
        return _outage()
    return answer(200, domain.shown(store.load(intent_id)))


@api.post(
    "/payment_intents/<intent_id>/cancel",
    role=None,
    answers={200: Shown},
    refuses=(NotFound, domain.Busy, domain.UnexpectedState),
)
def cancel_intent(intent_id: str) -> Response:
    """Rules out any capture, or answers 409 with the payment that can no longer be cancelled."""
    intent = store.load(intent_id)
    cancelled = domain.cancel(intent)
    if cancelled != intent:
        store.save(cancelled)
    return answer(200, domain.shown(cancelled))


@api.get("/payment_intents/<intent_id>", role=None, answers={200: Shown}, refuses=(NotFound,))
def show_intent(intent_id: str) -> Response:
    """The payment as it is at this moment."""
    return answer(200, domain.shown(store.load(intent_id)))


@api.get("/payment_intents", role=None, answers={200: Listed}, refuses=(InvalidRequest,))
def find_intents() -> Response:
    """The payments of one `reference`, oldest first. The newest may be missing."""
    return answer(200, {"data": [domain.shown(one) for one in store.by_reference(_asked("reference"))]})


@api.post(
    "/refunds",
    role=None,
    takes=NewRefund,
    answers={200: Refund},
    refuses=(NotFound, domain.Busy, domain.RefundRefused, IdempotencyError),
)
def create_refund() -> Response:
    """Gives money back, once per key and never more than was captured."""
    asked = api.body(NewRefund)
    refund = Refund(f"re_{identity.derive('refund', api.idempotency_key())}", **asked.model_dump())
    known = store.load_refund(refund.id)
    if known is None:
        store.save_refund(domain.refund(store.load(refund.payment_intent), refund), refund)
    elif known != refund:
        raise IdempotencyError(type="idempotency_error")
    return answer(200, asdict(refund))


@api.get("/refunds", role=None, answers={200: Listed}, refuses=(InvalidRequest, NotFound))
def list_refunds() -> Response:
    """The refunds of one payment, read consistently: a refund that was answered is among them."""
    return answer(200, {"data": [asdict(refund) for refund in store.load(_asked("payment_intent")).refunds]})


def _outage() -> Response:
    """A failure that the test method asks for. It is neither a refusal nor a fault, and raises no alarm."""
    return answer(500, {"error": "Outage", "message": OUTAGE})


def _asked(parameter: str) -> str:
    value = api.query(parameter)
    if not value:
        raise InvalidRequest(f"the query must have {parameter}")
    return value
