"""Payments over HTTP: customers register payment methods, and see how an order's payment stands."""

from typing import Annotated, Self, TypedDict

from pydantic import AfterValidator, StringConstraints, model_validator

from kernel import identity
from kernel.errors import KeyReused, NotFound
from kernel.privacy import PaymentToken, no_card_number
from kernel.triggers.http import Api, Body, Response, answer, slug
from payments import (
    bodies,
    books_api,
    differences_api,
    ledger_api,
    refunds_api,
    registrations,
    store,
    wallets,
)
from payments.bodies import Change
from payments.domain import ErasedCustomer
from payments.payment import Status
from payments.registrations import Method
from payments.wallet import Asked, InsufficientFunds

api = handler = Api()
for part in (ledger_api, books_api, refunds_api, differences_api):
    handler.routes += part.api.routes

# The digits of an id become letters. With digits, about three ids in a thousand would pass for a card number,
# and every checkout with such an id would be refused. The form cannot change any more: registered methods and
# placed orders hold ids of this form, and a repeated request must get the same id again.
WITHOUT_DIGITS = str.maketrans("0123456789", "ghijklmnop")

Label = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(no_card_number)]


class Registration(Body):
    """A card, by the processor's token; or the customer's wallet."""

    token: PaymentToken | None = None
    wallet: bool = False
    label: Label | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.token is None) is not self.wallet:
            raise ValueError("either token, or wallet true")
        return self


class Changed(TypedDict):
    """A change of a wallet that is on record."""

    id: str
    customer_id: str
    amount: dict[str, int | str]


class ShownBalance(TypedDict):
    """Store credit in minor units: `pending` of what is `posted` is held for orders under way."""

    currency: str
    posted: int
    pending: int
    available: int


class ShownWallet(TypedDict):
    """A customer's wallet: a balance for each currency."""

    customer_id: str
    balances: list[ShownBalance]


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
    refuses=(KeyReused, ErasedCustomer),
)
def register_method() -> Response:
    """Keeps the processor's token, or the wallet, and answers an opaque id: the same id for the same key."""
    caller = api.caller()
    method_id = identity.derive(caller.customer_id, api.idempotency_key()).translate(WITHOUT_DIGITS)
    asked = api.body(Registration)
    token, fingerprint = asked.token or "", asked.fingerprint()
    registrations.register(Method(method_id, caller.customer_id, token, asked.label, fingerprint))
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


@api.get("/wallets/me", role="customer", answers={200: ShownWallet})
def show_my_wallet() -> Response:
    """The caller's own wallet, read consistently."""
    return _wallet(api.caller().customer_id)


@api.get("/wallets/<customer_id>", role="operator", answers={200: ShownWallet}, refuses=(NotFound,))
def show_wallet(customer_id: str) -> Response:
    """A customer's wallet, read consistently. A wallet without any change is empty."""
    return _wallet(slug(customer_id))


@api.post(
    "/wallets/<customer_id>/deposits",
    role="operator",
    takes=Change,
    answers={201: Changed},
    refuses=(NotFound, KeyReused, ErasedCustomer),
)
def deposit(customer_id: str) -> Response:
    """Gives a customer store credit as goodwill, once per Idempotency-Key."""
    asked = _asked("deposit", slug(customer_id))
    wallets.deposit(asked, cause=api.cause())
    return _changed(asked)


@api.post(
    "/wallets/<customer_id>/payouts",
    role="operator",
    takes=Change,
    answers={201: Changed},
    refuses=(NotFound, KeyReused, InsufficientFunds),
)
def pay_out(customer_id: str) -> Response:
    """Pays a customer's store credit out by bank, once per Idempotency-Key."""
    asked = _asked("payout", slug(customer_id))
    wallets.pay_out(asked, cause=api.cause())
    return _changed(asked)


def _asked(kind: str, customer_id: str) -> Asked:
    body = api.body(Change)
    common = bodies.request(api, body, kind, customer_id)
    return Asked(**common, customer_id=customer_id, amount=body.money)


def _changed(asked: Asked) -> Response:
    return answer(201, Changed(id=asked.id, customer_id=asked.customer_id, amount=asked.amount.plain()))


def _wallet(customer_id: str) -> Response:
    balances = [
        ShownBalance(currency=name, posted=one.posted, pending=one.pending, available=one.available)
        for name, one in sorted(store.load_wallet(customer_id).balances.items())
    ]
    return answer(200, ShownWallet(customer_id=customer_id, balances=balances))
