"""Refunds after the sale over HTTP. Its routes are answered by the function of `payments.api`."""

from typing import Annotated, TypedDict

from pydantic import Field, StringConstraints

from kernel import identity
from kernel.errors import KeyReused, NotFound
from kernel.money import Money
from kernel.privacy import Because
from kernel.triggers.http import Api, Body, Response, answer, slug
from payments import refund_rows, refunding, sale_refunds, store
from payments.intents import RefundProgress
from payments.payment import Payment
from payments.refunding import Asked

api = Api()

MOST_SHOWN = 25  # of each shard of the failed refunds


class Refunding(Body):
    """A part of a sale that is to go back."""

    amount: Annotated[int, Field(ge=1, le=10**12)]
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    because: Because


class Retrying(Body):
    """Why a refund that failed is asked for anew."""

    because: Because


class GrantedRefund(TypedDict):
    """A refund that is decided. The processor is asked within minutes."""

    id: str
    order_id: str
    amount: dict[str, int | str]


class RetriedRefund(TypedDict):
    """A refund that is asked for anew."""

    id: str
    order_id: str


class ShownRefund(TypedDict):
    """A refund: PENDING until the money has gone back. One that FAILED, perhaps later, is owed still."""

    id: str
    amount: dict[str, int | str]
    progress: RefundProgress
    attempt: int


class ShownRefunds(TypedDict):
    """An order's refunds after the sale, and what may still go back, in minor units."""

    order_id: str
    refunds: list[ShownRefund]
    available: int


class FailedRefunds(TypedDict):
    """The refunds that have failed and wait for a person."""

    refunds: list[RetriedRefund]


@api.post(
    "/payments/<order_id>/refunds",
    role="operator",
    takes=Refunding,
    answers={201: GrantedRefund},
    refuses=(
        KeyReused,
        NotFound,
        sale_refunds.SaleNotPosted,
        sale_refunds.RefundTooLarge,
        sale_refunds.TooManyRefunds,
    ),
)
def refund_sale(order_id: str) -> Response:
    """Gives a part of a sale back, once per Idempotency-Key: to the card, or to the wallet that paid."""
    body, caller = api.body(Refunding), api.caller().customer_id
    amount = Money(body.amount, body.currency)
    request = identity.derive(caller, api.idempotency_key())
    asked = Asked(
        id=request,
        order_id=slug(order_id),
        refund=request,
        by=caller,
        because=body.because,
        fingerprint=identity.derive("refund", order_id, body.fingerprint()),
    )
    refunding.ask(asked, amount, cause=api.cause())
    return answer(201, GrantedRefund(id=asked.refund, order_id=order_id, amount=amount.plain()))


@api.post(
    "/payments/<order_id>/refunds/<refund>/retry",
    role="operator",
    takes=Retrying,
    answers={202: RetriedRefund},
    refuses=(KeyReused, NotFound, sale_refunds.RefundNotFailed),
)
def retry_refund(order_id: str, refund: str) -> Response:
    """Has a refund that failed asked for anew, once per Idempotency-Key."""
    body, caller = api.body(Retrying), api.caller().customer_id
    asked = Asked(
        id=identity.derive(caller, api.idempotency_key()),
        order_id=slug(order_id),
        refund=slug(refund),
        by=caller,
        because=body.because,
        fingerprint=identity.derive("retry", order_id, refund, body.fingerprint()),
    )
    refunding.retry(asked, cause=api.cause())
    return answer(202, RetriedRefund(id=refund, order_id=order_id))


@api.get(
    "/payments/<order_id>/refunds",
    role="operator",
    answers={200: ShownRefunds},
    refuses=(NotFound,),
)
def list_refunds(order_id: str) -> Response:
    """The refunds after the sale, and what may still go back."""
    payment = store.load(slug(order_id)).state
    if payment.charge is None:
        raise NotFound
    shown = [_shown(payment, refund) for refund in payment.refunds]
    return answer(
        200, ShownRefunds(order_id=order_id, refunds=shown, available=sale_refunds.available(payment))
    )


@api.get("/payments/refunds/failed", role="operator", answers={200: FailedRefunds})
def list_failed() -> Response:
    """The refunds that have failed and wait for a person, the longest waiting of each shard first."""
    rows = refund_rows.failed(most=MOST_SHOWN)
    found = [RetriedRefund(id=row.refund, order_id=row.order_id) for row in rows]
    return answer(200, FailedRefunds(refunds=found))


def _shown(payment: Payment, refund: str) -> ShownRefund:
    known = payment.refunds[refund]
    amount = Money(known.amount, payment.started.amount.currency)
    return ShownRefund(id=refund, amount=amount.plain(), progress=known.progress, attempt=known.attempt)
