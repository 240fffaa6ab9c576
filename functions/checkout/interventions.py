"""What operators ask: an order that NEEDS_ATTENTION is resumed, or resolved as the books allow."""

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
    """An operator's request about an order; it has the same `id` when it is made again."""

    order_id: str
    id: str
    by: str
    because: str


def resume(asked: Intervention) -> Resumption | Refused:
    """Has orders put the request on record, then starts a repair that is named by it.

    When the process dies in between, the same request makes up for the rest: orders knows the request,
    and the name of the repair starts it once.
    """
    said = ask(ResumeOrder(order_id=asked.order_id, request=asked.id, by=asked.by, because=asked.because))
    if isinstance(said, Resumption):
        executions.start_repair(asked.order_id, said.resumption, resumed=True)
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
