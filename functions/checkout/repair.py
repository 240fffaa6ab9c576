"""Repairs by schedule: the sweep of orders that are open for too long, the reconciliation of held stock."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from checkout import executions
from checkout.commands import Claim, ClaimOpen, ClaimOverdue, CommitStock, OrderStatus, ReleaseStock
from kernel.errors import Fault
from kernel.triggers.commands import ask
from kernel.triggers.observability import describe
from kernel.triggers.schedules import scheduled

MOST_BATCHES = 10


class RepairIncomplete(Fault):
    """Some claimed orders could not be repaired now; they will be claimed again."""


@scheduled(minutes=1)
def sweep(line: dict[str, Any]) -> None:
    """Starts or repairs the saga of every order that is open for too long. Raises RepairIncomplete."""
    _see_to(line, ((claim.order.order_id, partial(_repair, claim)) for claim in _claims()))


@scheduled(minutes=60)
def reconcile(line: dict[str, Any]) -> None:
    """Closes the reservations that have been open for over an hour although their order has ended.

    The stock of a confirmed order is sold, the stock of a cancelled order is released. So a lost
    OrderConfirmed heals. An order that is still open is left to the sweep. Raises RepairIncomplete.
    """
    _see_to(line, ((order_id, partial(_close, order_id)) for order_id in _held()))


def _claims() -> Iterator[Claim]:
    """Claims, batch after batch; a claimed order is not due again at once."""
    for _ in range(MOST_BATCHES):
        batch = ask(ClaimOverdue()).claims
        if not batch:
            return
        yield from batch


def _held() -> Iterator[str]:
    """Orders with stock that is held for too long, batch after batch."""
    for _ in range(MOST_BATCHES):
        batch = ask(ClaimOpen()).order_ids
        if not batch:
            return
        yield from batch


def _see_to(line: dict[str, Any], work: Iterable[tuple[str, Callable[[], None]]]) -> None:
    """Acts on each order. An order that fails does not hold up the others. Raises RepairIncomplete."""
    line["orders"], line["failed"] = [], {}
    for order_id, act in work:
        line["orders"].append(order_id)
        try:
            act()
        except (Fault, ClientError, BotoCoreError) as error:
            line["failed"][order_id] = describe(error)
    if line["failed"]:
        raise RepairIncomplete(count=len(line["failed"]))
    del line["failed"]


def _repair(claim: Claim) -> None:
    """Leaves a running execution alone, starts the saga of an order that never had one, repairs the rest."""
    order, attempt = claim.order, claim.attempt
    saga = executions.status_of_saga(order.order_id)
    repairs = [executions.status_of_repair(order.order_id, earlier) for earlier in range(1, attempt)]
    if "RUNNING" in (saga, *repairs):
        return
    if claim.status == "PENDING" and saga is None and not any(repairs):
        executions.start_saga(order)
    else:
        executions.start_repair(order.order_id, attempt)


def _close(order_id: str) -> None:
    match ask(OrderStatus(order_id=order_id)).status:
        case "CONFIRMED":
            ask(CommitStock(order_id=order_id))
        case "CANCELLED":
            ask(ReleaseStock(order_id=order_id))
