"""Webhook endpoints and payment methods over HTTP: registered, listed, deleted; shown, detached."""

import hmac
from typing import Annotated, TypedDict

from pydantic import Field, StringConstraints

from acquirer import shapes, store
from acquirer.payment_intents import KEYED, Look
from acquirer.refusals import MethodUnusable
from acquirer.shapes import Listed
from acquirer.wire import Form, Outcome, api
from kernel import identity
from kernel.errors import NotFound
from kernel.triggers.http import Response, answer

Url = Annotated[str, StringConstraints(pattern="^https?://[^ ]+$", max_length=2048)]
Some = Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Field(min_length=1, max_length=50)]


class NewEndpoint(Form):
    url: Url
    enabled_events: Some


class Listing(Form):
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    starting_after: str = ""


class Nothing(Form):
    pass


class ShownEndpoint(TypedDict):
    """A webhook endpoint. Only the answer to its registration tells the secret that signs its events."""

    id: str
    object: str
    created: int
    enabled_events: list[str]
    livemode: bool
    secret: str | None
    status: str
    url: str


class Deleted(TypedDict):
    """What was deleted."""

    id: str
    object: str
    deleted: bool


class ShownMethod(TypedDict):
    """A payment method. A method that `customer` does not name is attached to nobody."""

    id: str
    object: str
    customer: str | None
    livemode: bool
    type: str


@api.post("/v1/webhook_endpoints", role=None, takes=NewEndpoint, answers={200: ShownEndpoint}, refuses=KEYED)
def create_endpoint() -> Response:
    """Registers an address that events are sent to, and tells its signing secret this once."""
    asked = api.form(NewEndpoint)
    return api.once(lambda: _registered(asked), look_first=False)


def _registered(asked: NewEndpoint) -> Outcome:
    now = identity.now()
    endpoint_id = f"we_{identity.derive('endpoint', api.idempotency_key(), now.isoformat())}"
    shown = ShownEndpoint(
        id=endpoint_id,
        object="webhook_endpoint",
        created=shapes.epoch(now),
        enabled_events=asked.enabled_events,
        livemode=False,
        secret=signing_secret(endpoint_id),
        status="enabled",
        url=asked.url,
    )
    return Outcome(shown, store.add_endpoint({**shown, "secret": None}))


def signing_secret(endpoint_id: str) -> str:
    """The secret that signs the endpoint's events. It follows from the account's own secret."""
    return f"whsec_{hmac.new(store.secret().encode(), endpoint_id.encode(), 'sha256').hexdigest()}"


@api.get("/v1/webhook_endpoints", role=None, takes=Listing, answers={200: Listed})
def list_endpoints() -> Response:
    """The endpoints that are registered, without their secrets."""
    asked = api.form(Listing)
    names = ShownEndpoint.__annotations__
    known = [{name: one[name] for name in names} for one in store.endpoints()]
    found = [one for one in known if one["id"] > asked.starting_after]
    page = shapes.page(found[: asked.limit], "/v1/webhook_endpoints", more=len(found) > asked.limit)
    return answer(200, page)


@api.delete("/v1/webhook_endpoints/<endpoint_id>", role=None, answers={200: Deleted}, refuses=(NotFound,))
def delete_endpoint(endpoint_id: str) -> Response:
    """Sends no event to this address any more."""
    store.delete_endpoint(endpoint_id)
    return answer(200, Deleted(id=endpoint_id, object="webhook_endpoint", deleted=True))


@api.get("/v1/payment_methods/<method>", role=None, takes=Look, answers={200: ShownMethod})
def show_method(method: str) -> Response:
    """A payment method. A test method is a customer's own when its name has a part after two underscores."""
    api.form(Look)
    return answer(200, _method(method, attached="__" in method and not store.is_detached(method)))


@api.post(
    "/v1/payment_methods/<method>/detach",
    role=None,
    takes=Nothing,
    answers={200: ShownMethod},
    refuses=(MethodUnusable,),
)
def detach_method(method: str) -> Response:
    """Detaches a customer's payment method for good. A method that is attached to nobody is refused."""
    api.form(Nothing)
    if "__" not in method or store.is_detached(method):
        raise MethodUnusable(param="payment_method")
    store.detach(method)
    return answer(200, _method(method, attached=False))


def _method(method: str, *, attached: bool) -> ShownMethod:
    customer = f"cus_{identity.derive('customer', method)}" if attached else None
    return ShownMethod(id=method, object="payment_method", customer=customer, livemode=False, type="card")
