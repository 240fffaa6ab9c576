"""Payments over HTTP: customers register ways to pay and see what became of an order's payment."""

import re
from typing import Annotated, TypedDict

from aws_lambda_powertools.event_handler import Response
from pydantic import AfterValidator, StringConstraints

from kernel import identity
from kernel.errors import KeyReused, NotFound
from kernel.privacy import no_card_number
from kernel.triggers.http import Api, Body, answer, slug
from payments import store
from payments.domain import Status

api = handler = Api()

# About three ids in a thousand would pass for a card number by their digits, and every checkout refuse them.
WITHOUT_DIGITS = str.maketrans("0123456789", "ghijklmnop")


def _no_card_in_token(token: str) -> str:
    """A token's underscores could part a card number's digits as spaces do."""
    no_card_number(re.sub("_+", " ", token))
    return token


Token = Annotated[
    str, StringConstraints(pattern="^pm_[a-z0-9_]+$", max_length=128), AfterValidator(_no_card_in_token)
]
Label = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(no_card_number)]


class Registration(Body):
    token: Token
    label: Label | None = None


class Registered(TypedDict):
    """A way to pay, by the opaque id that orders name."""

    payment_method: str
    label: str | None


class ShownPayment(TypedDict):
    """What became of an order's payment; there is no amount without a charge."""

    order_id: str
    status: Status
    amount: dict[str, int | str] | None


@api.post(
    "/payments/methods",
    role="customer",
    takes=Registration,
    answers={201: Registered},
    refuses=(KeyReused,),
)
def register_method() -> Response[str]:
    """Keeps the processor's token and answers an opaque id for it, the same for the same key."""
    caller = api.caller()
    method_id = identity.derive(caller.customer_id, api.idempotency_key()).translate(WITHOUT_DIGITS)
    asked = api.body(Registration)
    store.register(store.Method(method_id, caller.customer_id, asked.token, asked.label, asked.fingerprint()))
    return answer(201, Registered(payment_method=method_id, label=asked.label))


@api.get("/payments/<order_id>", role="any", answers={200: ShownPayment}, refuses=(NotFound,))
def show_payment(order_id: str) -> Response[str]:
    """A payment that never had a charge belongs to nobody, so only operators see it."""
    caller = api.caller()
    payment = store.load(slug(order_id))
    if payment.status is Status.NONE:
        raise NotFound
    charge = payment.charge
    caller.must_see(charge.customer_id if charge else None)
    amount = charge.amount.plain() if charge else None
    return answer(200, ShownPayment(order_id=order_id, status=payment.status, amount=amount))
