"""Payment intents over HTTP: created, confirmed, authenticated, cancelled, shown, found."""

import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from acquirer import domain, shapes, store
from acquirer.domain import Intent
from acquirer.methods import Status
from acquirer.refusals import (
    AmountRefused,
    Busy,
    CardDeclined,
    IdempotencyError,
    KeyInUse,
    MethodUnusable,
    UnexpectedState,
)
from acquirer.shapes import Listed, ShownIntent
from acquirer.wire import Form, Outcome, api
from kernel import identity
from kernel.errors import InvalidRequest, NotFound
from kernel.privacy import PaymentToken
from kernel.triggers.http import Response, answer

Amount = Annotated[int, Field(ge=1, le=10**14)]
Currency = Annotated[str, StringConstraints(pattern="^[a-z]{3}$")]
Metadata = dict[
    Annotated[str, StringConstraints(max_length=40)], Annotated[str, StringConstraints(max_length=500)]
]
SEARCH = re.compile(r"""metadata\[['"]order_id['"]\]: ?['"]([\w.-]{1,64})['"]""")
OUTAGE = "The test method asks for a failing processor, so this fails on purpose and is no alarm."
KEYED = (IdempotencyError, KeyInUse, Busy)


class NewIntent(Form):
    amount: Amount
    currency: Currency
    payment_method: PaymentToken
    allowed_payment_method_types: tuple[Literal["card"], ...] = ("card",)
    confirm: Literal["false"] = "false"
    metadata: Metadata = Field(default_factory=dict)


class Confirmation(Form):
    return_url: Annotated[str, StringConstraints(pattern="^https?://", max_length=2048)] = ""


class Cancellation(Form):
    cancellation_reason: str = ""


class Look(Form):
    pass


class Search(Form):
    query: str


class Answered(Form):
    outcome: Literal["succeeds", "fails"] = "succeeds"


@api.post(
    "/v1/payment_intents",
    role=None,
    takes=NewIntent,
    answers={200: ShownIntent},
    refuses=(*KEYED, MethodUnusable, AmountRefused),
)
def create_intent() -> Response:
    """Creates a payment that captures nothing yet."""
    asked = api.form(NewIntent)
    return api.once(lambda: _created(asked), look_first=False)


def _created(asked: NewIntent) -> Outcome:
    now = identity.now()
    domain.must_be_chargeable(asked.amount, asked.currency)
    if store.is_detached(asked.payment_method):
        raise MethodUnusable(param="payment_method")
    # The time is part of the id: a key that was forgotten makes another payment.
    intent = Intent(
        id=f"pi_{identity.derive('intent', api.idempotency_key(), now.isoformat())}",
        amount=asked.amount,
        currency=asked.currency,
        payment_method=asked.payment_method,
        metadata=asked.metadata,
        reference=asked.metadata.get("order_id", ""),
        created_at=now.isoformat(),
    )
    return Outcome(shapes.intent(intent, now), store.created(intent))


@api.post(
    "/v1/payment_intents/<intent_id>/confirm",
    role=None,
    takes=Confirmation,
    answers={200: ShownIntent},
    refuses=(*KEYED, NotFound, UnexpectedState, CardDeclined),
)
def confirm_intent(intent_id: str) -> Response:
    """Captures, declines or asks for authentication, with the delay or error that the test method wants."""
    asked = api.form(Confirmation)
    return api.once(lambda: _confirmed(intent_id, asked))


def _confirmed(intent_id: str, asked: Confirmation) -> Outcome:
    intent = store.load(intent_id)
    if intent.status is Status.UNCONFIRMED and intent.fails_before:
        noted = replace(intent, outages=intent.outages + 1)
        return _outage(store.changed(intent, noted))
    key = identity.derive("confirm", api.idempotency_key())
    link = _link(intent) if asked.return_url else ""
    with _showing(intent):
        confirmed = domain.confirm(intent, key, link=link, now=identity.now())
    changes = store.NOTHING if confirmed == intent else store.changed(intent, confirmed)
    return _as_method_asks(confirmed, changes)


def _as_method_asks(confirmed: Intent, changes: store.Changes) -> Outcome:
    """The answer to a confirmation. A decline is an error, as at Stripe."""
    plan, now = confirmed.behaviour, identity.now()
    if plan.fails_after:
        return _outage(changes)
    if confirmed.status is Status.DECLINED:
        error = {**shapes.declined(confirmed), "payment_intent": shapes.intent(confirmed, now)}
        message = str(error.pop("message"))
        return Outcome(CardDeclined(message, **error).problem(), changes, status=402)
    if plan.seconds and changes:
        return Outcome({}, changes, seconds=plan.seconds, later=lambda: _shown(store.load(confirmed.id)))
    return Outcome(_shown(confirmed), changes)


@api.get(
    "/authentications/<intent_id>/<secret>", role=None, answers={200: ShownIntent}, refuses=(NotFound, Busy)
)
def authenticate(intent_id: str, secret: str) -> Response:
    """The customer's bank: the link completes the authentication, or fails it (`?outcome=fails`)."""
    asked = api.form(Answered)
    intent = store.load(intent_id)
    if not hmac.compare_digest(secret.encode(), _secret(intent).encode()):
        raise NotFound
    if intent.status is not Status.ACTION:
        return answer(200, _shown(intent))
    done = domain.authenticate(intent, succeeds=asked.outcome == "succeeds", now=identity.now())
    store.save(store.changed(intent, done))
    return answer(200, _shown(done))


@api.post(
    "/v1/payment_intents/<intent_id>/cancel",
    role=None,
    takes=Cancellation,
    answers={200: ShownIntent},
    refuses=(NotFound, Busy, UnexpectedState),
)
def cancel_intent(intent_id: str) -> Response:
    """Rules out any capture, or refuses with the payment that cannot be cancelled. Needs no key."""
    api.form(Cancellation)
    intent = store.load(intent_id)
    with _showing(intent):
        cancelled = domain.cancel(intent)
    store.save(store.changed(intent, cancelled))
    return answer(200, _shown(cancelled))


@api.get(
    "/v1/payment_intents/search", role=None, takes=Search, answers={200: Listed}, refuses=(InvalidRequest,)
)
def find_intents() -> Response:
    """The payments whose metadata has one `order_id`, oldest first. The newest may be missing."""
    asked = api.form(Search)
    found = SEARCH.fullmatch(asked.query)
    if not found:
        raise InvalidRequest("this sandbox searches for metadata['order_id']:'...' only", param="query")
    full = "data.latest_charge" in asked.expand
    data = [shapes.intent(one, identity.now(), expanded=full) for one in store.by_reference(found[1])]
    return answer(200, shapes.page(data, "/v1/payment_intents/search", kind="search_result"))


@api.get(
    "/v1/payment_intents/<intent_id>", role=None, takes=Look, answers={200: ShownIntent}, refuses=(NotFound,)
)
def show_intent(intent_id: str) -> Response:
    """The payment as it is at this moment."""
    full = "latest_charge" in api.form(Look).expand
    return answer(200, shapes.intent(store.load(intent_id), identity.now(), expanded=full))


@contextmanager
def _showing(intent: Intent) -> Iterator[None]:
    """Tells the payment in the refusal of what its state does not allow."""
    try:
        yield
    except UnexpectedState:
        code = "payment_intent_unexpected_state"
        raise UnexpectedState(code=code, payment_intent=_shown(intent)) from None


def _shown(intent: Intent) -> Mapping[str, Any]:
    return shapes.intent(intent, identity.now())


def _outage(changes: store.Changes) -> Outcome:
    """A failure that the test method asks for. It is neither a refusal nor a fault, and raises no alarm."""
    return Outcome({"error": "Outage", "message": OUTAGE}, changes, status=500)


def _link(intent: Intent) -> str:
    return f"{api.root()}/authentications/{intent.id}/{_secret(intent)}"


def _secret(intent: Intent) -> str:
    """The link's own secret: nobody else can open the bank's page for this payment."""
    return hmac.new(store.secret().encode(), intent.id.encode(), "sha256").hexdigest()[:32]
