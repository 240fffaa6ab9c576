"""Checkout over HTTP: operators resume or resolve an order that NEEDS_ATTENTION."""

from collections.abc import Mapping
from typing import Any, Literal

from aws_lambda_powertools.event_handler import Response

from checkout import saga
from kernel import identity
from kernel.privacy import Because
from kernel.triggers.http import Api, Body, answer, slug

api = handler = Api()


class Resumption(Body):
    because: Because


class Resolution(Body):
    to: Literal["CONFIRMED", "CANCELLED"]
    because: Because


@api.post("/ops/checkouts/<order_id>/resume")
def resume_order(order_id: str) -> Response[str]:
    """Has the order's undo lane run once more, once per Idempotency-Key."""
    request = _request()
    because = api.body(Resumption).because
    return _answered(saga.resume(slug(order_id), **request, because=because), status=202)


@api.post("/ops/checkouts/<order_id>/resolve")
def resolve_order(order_id: str) -> Response[str]:
    """Ends the order as the books of payments and inventory allow, once per Idempotency-Key."""
    request = _request()
    asked = api.body(Resolution)
    said = saga.resolve(slug(order_id), **request, to=asked.to, because=asked.because)
    return _answered(said, status=200)


def _request() -> dict[str, str]:
    """Who asks, and the id that the request has when it is repeated."""
    caller = api.caller()
    caller.must_be("operator")
    request = identity.derive(caller.customer_id, api.idempotency_key())
    return {"request": request, "by": caller.customer_id}


def _answered(said: Mapping[str, Any], *, status: int) -> Response[str]:
    """What orders granted, or its refusal as its own API would tell it."""
    if "refused" in said:
        return answer(said["refused"], said["problem"])
    return answer(status, said)
