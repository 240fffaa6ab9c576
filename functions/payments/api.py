"""Payments over HTTP: customers register payment methods, and see how an order's payment stands."""

from typing import Annotated, TypedDict

from pydantic import AfterValidator, StringConstraints

from kernel import identity
from kernel.errors import KeyReused, NotFound
from kernel.privacy import PaymentToken, no_card_number
from kernel.triggers.http import Api, Body, Response, answer, slug
from payments import store
from payments.payment import Status

api = handler = Api()

# The digits of an id become letters. With digits, about three ids in a thousand would pass for a card number,
# and every checkout with such an id would be refused. The form cannot change any more: registered methods and
# placed orders hold ids of this form, and a repeated request must get the same id again.
WITHOUT_DIGITS = str.maketrans("0123456789", "ghijklmnop")

Label = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(no_card_number)]


class Registration(Body):
    token: PaymentToken
    label: Label | None = None


class Registered(TypedDict):
    """A registered payment method, by the opaque id that a checkout names."""

    payment_method: str
    label: str | None


class ShownPayment(TypedDict):
    """How an order's payment stands. Without a charge there is no amount."""

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
def register_method() -> Response:
    """Keeps the processor's token, and answers an opaque id for it: the same id for the same key."""
    caller = api.caller()
    method_id = identity.derive(caller.customer_id, api.idempotency_key()).translate(WITHOUT_DIGITS)
    asked = api.body(Registration)
    store.register(store.Method(method_id, caller.customer_id, asked.token, asked.label, asked.fingerprint()))
    return answer(201, Registered(payment_method=method_id, label=asked.label))


@api.get("/payments/<order_id>", role="any", answers={200: ShownPayment}, refuses=(NotFound,))
def show_payment(order_id: str) -> Response:
    """How the order's payment stands. Without a charge it has no owner, so only operators see it."""
    caller = api.caller()
    payment = store.load(slug(order_id)).state
    if payment.status is Status.NONE:
        raise NotFound
    charge = payment.charge
    caller.must_see(charge.customer_id if charge else None)
    amount = charge.amount.plain() if charge else None
    return answer(200, ShownPayment(order_id=order_id, status=payment.status, amount=amount))
