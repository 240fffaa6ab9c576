"""Operators' requests: an order that NEEDS_ATTENTION is resumed, or resolved as the books allow."""

from dataclasses import dataclass
from typing import Literal

from checkout import executions
from checkout.commands import (
    OrderState,
    PaymentStatus,
    ReservationStatus,
    ResolveOrder,
    ResumeOrder,
    Resumption,
)
from kernel.triggers.commands import Refused, ask


@dataclass(frozen=True)
class Intervention:
    """An operator's request about an order. It has the same `id` when it is repeated."""

    order_id: str
    id: str
    by: str
    because: str


def resume(asked: Intervention) -> Resumption | Refused:
    """Has orders put the request on record, then starts a repair that is named by the request's id.

    When the process dies in between, the operator repeats the request. Orders then knows the request, and
    the repair starts once, because of its name.
    """
    said = ask(ResumeOrder(order_id=asked.order_id, request=asked.id, by=asked.by, because=asked.because))
    if isinstance(said, Resumption):
        executions.resume(asked.order_id, said.resumption)
    return said


def resolve(asked: Intervention, to: Literal["CONFIRMED", "CANCELLED"]) -> OrderState | Refused:
    """Asks payments and inventory how their parts of the order stand, then has orders decide."""
    return ask(
        ResolveOrder(
            order_id=asked.order_id,
            request=asked.id,
            by=asked.by,
            because=asked.because,
            to=to,
            payment=ask(PaymentStatus(order_id=asked.order_id)),
            reservation=ask(ReservationStatus(order_id=asked.order_id)),
        )
    )
