"""Repairs by schedule: the sweep of orders that are open for too long, the reconciliation of held stock."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from checkout import executions
from checkout.commands import Claim, ClaimOpen, ClaimOverdue, CommitStock, OrderStatus, ReleaseStock
from kernel import identity
from kernel.errors import Fault
from kernel.triggers.commands import ask
from kernel.triggers.observability import describe
from kernel.triggers.schedules import SHARDS, scheduled

T = TypeVar("T")
# A run of the sweep ends before the next run of the same shard begins.
LONGEST = timedelta(seconds=50)


class RepairIncomplete(Fault):
    """Some claimed orders could not be repaired now; they will be claimed again."""


@scheduled(minutes=1, shards=SHARDS)
def sweep(line: dict[str, Any], *, shard: int | None) -> None:
    """Finishes every order that is open for too long, forward or undone. Raises RepairIncomplete.

    Each shard of the open orders has runs of its own, so that a backlog of an outage is soon worked off.
    """
    claims = _batches(lambda: ask(ClaimOverdue(shard=shard)).claims)
    _see_to(line, ((claim.order.order_id, partial(_repair, claim)) for claim in claims))


@scheduled(minutes=60)
def reconcile(line: dict[str, Any]) -> None:
    """Closes the reservations that have been open for over an hour although their order has ended.

    The stock of a confirmed order is sold, the stock of a cancelled order is released. So a lost
    OrderConfirmed heals. An order that is still open is left to the sweep. Raises RepairIncomplete.
    """
    held = _batches(lambda: ask(ClaimOpen()).order_ids)
    _see_to(line, ((order_id, partial(_close, order_id)) for order_id in held))


def _batches(claim: Callable[[], Sequence[T]]) -> Iterator[T]:
    """Claims batch after batch until nothing is due or the time is up. What is claimed is not due at once."""
    until = identity.now() + LONGEST
    while identity.now() < until and (batch := claim()):
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
    """Runs the same saga again, in which each step finds what it had done, or runs the undo lane."""
    if claim.forward:
        executions.start_saga(claim.order, run=claim.run)
    else:
        executions.start_repair(claim.order.order_id, run=claim.run)


def _close(order_id: str) -> None:
    match ask(OrderStatus(order_id=order_id)).status:
        case "CONFIRMED":
            ask(CommitStock(order_id=order_id))
        case "CANCELLED":
            ask(ReleaseStock(order_id=order_id))
