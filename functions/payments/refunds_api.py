"""Refunds after the sale over HTTP. Its routes are answered by the function of `payments.api`."""

from typing import TypedDict

from kernel.errors import KeyReused, NotFound
from kernel.money import Money
from kernel.triggers.http import Api, Response, answer, slug
from payments import bodies, refund_rows, refunding, sale_refunds, store
from payments.bodies import Change, Reasoned, Settling
from payments.domain import ErasedCustomer
from payments.intents import RefundProgress
from payments.payment import Payment
from payments.refund_rows import Row
from payments.refunding import Asked
from payments.sale_refunds import Way

api = Api()

MOST_SHOWN = 25  # of each shard of the failed refunds


class GrantedRefund(TypedDict):
    """A refund that is decided. The processor is asked within minutes."""

    id: str
    order_id: str
    amount: dict[str, int | str]


class RetriedRefund(TypedDict):
    """A refund that had failed, and is asked for anew or has gone back otherwise."""

    id: str
    order_id: str


class ShownRefund(TypedDict):
    """A refund: PENDING until the money has gone back. One that FAILED, perhaps later, is owed still.

    `ended_by` says if the money has gone back otherwise: by `dispute`, `bank` or `wallet`.
    """

    id: str
    amount: dict[str, int | str]
    progress: RefundProgress
    attempt: int
    ended_by: str


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
    takes=Change,
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
    body = api.body(Change)
    common = bodies.request(api, body, "refund", order_id)
    asked = Asked(**common, row=Row(slug(order_id), common["id"]))
    refunding.ask(asked, body.money, cause=api.cause())
    return answer(201, GrantedRefund(id=common["id"], order_id=order_id, amount=body.money.plain()))


@api.post(
    "/payments/<order_id>/refunds/<refund>/retry",
    role="operator",
    takes=Reasoned,
    answers={202: RetriedRefund},
    refuses=(KeyReused, NotFound, sale_refunds.RefundNotFailed),
)
def retry_refund(order_id: str, refund: str) -> Response:
    """Has a refund that failed asked for anew, once per Idempotency-Key."""
    common = bodies.request(api, api.body(Reasoned), "retry", order_id, refund)
    refunding.retry(Asked(**common, row=Row(slug(order_id), slug(refund))), cause=api.cause())
    return answer(202, RetriedRefund(id=refund, order_id=order_id))


@api.post(
    "/payments/<order_id>/refunds/<refund>/settle",
    role="operator",
    takes=Settling,
    answers={200: RetriedRefund},
    refuses=(
        KeyReused,
        NotFound,
        sale_refunds.RefundNotFailed,
        sale_refunds.SaleDisputed,
        ErasedCustomer,
    ),
)
def settle_refund(order_id: str, refund: str) -> Response:
    """Ends a refund that failed by a transfer that was made by hand, or by store credit, once per key."""
    body = api.body(Settling)
    common = bodies.request(api, body, "settle", order_id, refund)
    asked = Asked(**common, row=Row(slug(order_id), slug(refund)))
    refunding.settle(asked, by=Way(body.by), cause=api.cause())
    return answer(200, RetriedRefund(id=refund, order_id=order_id))


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
    return ShownRefund(
        id=refund,
        amount=amount.plain(),
        progress=known.progress,
        attempt=known.attempt,
        ended_by=known.ended_by,
    )
