"""Operators' requests: an order that NEEDS_ATTENTION is resumed, or resolved as the books allow."""

from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from checkout import executions
from checkout.commands import (
    OrderState,
    PaymentStatus,
    ReservationStatus,
    ResolveOrder,
    ResumeOrder,
    Resumption,
    Selected,
    SelectParked,
)
from kernel import identity
from kernel.errors import Fault
from kernel.triggers.commands import Refused, ask


@dataclass(frozen=True)
class Intervention:
    """An operator's request about an order. It has the same `id` when it is repeated."""

    order_id: str
    id: str
    by: str
    because: str


@dataclass(frozen=True)
class Wanted:
    """An operator's request to resume up to `most` parked orders, of one `reason` or of any."""

    id: str
    by: str
    because: str
    reason: str | None
    most: int


class ResumedInPart(Fault):
    """Some of the selected orders could not be resumed now: repeat the request with the same key."""


def resume(asked: Intervention) -> Resumption | Refused:
    """Has orders put the request on record, then starts a repair that is named by the request's id.

    When the process dies in between, the operator repeats the request. Orders then knows the request, and
    the repair starts once, because of its name.
    """
    said = ask(ResumeOrder(order_id=asked.order_id, request=asked.id, by=asked.by, because=asked.because))
    if isinstance(said, Resumption):
        executions.resume(asked.order_id, said.resumption)
    return said


def select(wanted: Wanted, *, dry_run: bool) -> Selected | Refused:
    """The parked orders that the request is about. A `dry_run` shows them as they are now."""
    return ask(
        SelectParked(
            request=wanted.id,
            by=wanted.by,
            because=wanted.because,
            reason=wanted.reason,
            most=wanted.most,
            dry_run=dry_run,
        )
    )


def resume_all(wanted: Wanted) -> Selected | Refused:
    """Resumes every selected order, each once. An order that somebody has seen to meanwhile is left alone.

    An order that fails does not hold up the others. Raises ResumedInPart; the same request resumes the rest.
    """
    selected = select(wanted, dry_run=False)
    if isinstance(selected, Refused):
        return selected
    failed = 0
    for order_id in selected.order_ids:
        id = identity.derive(wanted.id, order_id)
        try:
            resume(Intervention(order_id, id, wanted.by, wanted.because))
        except (Fault, ClientError, BotoCoreError):
            failed += 1
    if failed:
        raise ResumedInPart(failed=failed, selected=len(selected.order_ids))
    return selected


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
