"""Checkout over HTTP: operators resume or resolve an order that NEEDS_ATTENTION."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from checkout import commands, interventions
from checkout.interventions import Intervention, Wanted
from kernel import identity
from kernel.errors import KeyReused, NotFound
from kernel.privacy import Because
from kernel.triggers.commands import Refused
from kernel.triggers.http import Api, Body, Response, Slug, answer, slug

api = handler = Api()


class Resumption(Body):
    because: Because


class Resumptions(Body):
    """Which parked orders to resume: up to `most`, of one `reason` or of any. A `dry_run` only shows them."""

    because: Because
    state: Literal["NEEDS_ATTENTION"] = "NEEDS_ATTENTION"
    reason: Slug | None = None
    most: Annotated[int, Field(ge=1, le=100)] = 100
    dry_run: bool = False

    def wanted(self, id: str, by: str) -> Wanted:
        return Wanted(id, by, self.because, self.reason, self.most)


class Resolution(Body):
    to: Literal["CONFIRMED", "CANCELLED"]
    because: Because


@api.post(
    "/ops/checkouts/<order_id>/resume",
    role="operator",
    takes=Resumption,
    answers={202: commands.Resumption},
    refuses=(NotFound, KeyReused),
    relays=("NotParked",),
)
def resume_order(order_id: str) -> Response:
    """Runs the order's undo lane once more, once per Idempotency-Key."""
    id, by = _request()
    body = api.body(Resumption)
    asked = Intervention(slug(order_id), id, by, body.because)
    return _answered(interventions.resume(asked), status=202)


@api.post(
    "/ops/checkouts/resume",
    role="operator",
    takes=Resumptions,
    answers={200: commands.Selected, 202: commands.Selected},
    refuses=(KeyReused,),
)
def resume_orders() -> Response:
    """Resumes up to 100 parked orders, always the same ones for one Idempotency-Key; or shows them (200)."""
    id, by = _request()
    body = api.body(Resumptions)
    if body.dry_run:
        return _answered(interventions.select(body.wanted(id, by), dry_run=True), status=200)
    return _answered(interventions.resume_all(body.wanted(id, by)), status=202)


@api.post(
    "/ops/checkouts/<order_id>/resolve",
    role="operator",
    takes=Resolution,
    answers={200: commands.OrderState},
    refuses=(NotFound, KeyReused),
    relays=("NotParked", "NotUndone", "NotHeld", "AlreadyFenced"),
)
def resolve_order(order_id: str) -> Response:
    """Ends the order as the books of payments and inventory allow, once per Idempotency-Key."""
    id, by = _request()
    body = api.body(Resolution)
    asked = Intervention(slug(order_id), id, by, body.because)
    return _answered(interventions.resolve(asked, body.to), status=200)


def _request() -> tuple[str, str]:
    """The request's id, which is the same when it is repeated, and the operator's id."""
    caller = api.caller()
    return identity.derive(caller.customer_id, api.idempotency_key()), caller.customer_id


def _answered(said: BaseModel, *, status: int) -> Response:
    """The answer of orders, or its refusal with the status and the body that orders gave."""
    if isinstance(said, Refused):
        return answer(said.refused, said.problem)
    return answer(status, said)
