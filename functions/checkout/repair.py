"""Repairs by schedule: the sweep of orders that are open for too long, the reconciliation of held stock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from checkout import executions
from checkout.commands import (
    Claim,
    ClaimOpen,
    ClaimOverdue,
    ClaimUnsold,
    CommitStock,
    Done,
    HeldOrders,
    OrderStatus,
    PostSale,
    RefundPayment,
    ReleaseStock,
)
from kernel import identity
from kernel.errors import Fault
from kernel.triggers.claims import Batch
from kernel.triggers.commands import Command, ask
from kernel.triggers.observability import noted
from kernel.triggers.schedules import SHARDS, scheduled


@dataclass(frozen=True)
class Held:
    """What a service holds for orders: how it is claimed when it is held for too long, sold, given back."""

    claim: Callable[..., Command[HeldOrders]]
    sell: Callable[..., Command[Done]]
    give_back: Callable[..., Command[Done]]


STOCK, MONEY = Held(ClaimOpen, CommitStock, ReleaseStock), Held(ClaimUnsold, PostSale, RefundPayment)
Claimed = TypeVar("Claimed", bound=Batch)
# A run of the sweep ends before the next run of the same shard begins.
LONGEST = timedelta(seconds=50)


class RepairIncomplete(Fault):
    """Some claimed orders could not be repaired now; they will be claimed again."""


@scheduled(minutes=1, shards=SHARDS)
def sweep(line: dict[str, Any], *, shard: int) -> None:
    """Finishes every order that is open for too long, forward or undone. Raises RepairIncomplete.

    Each shard of the open orders has runs of its own, so that a backlog of an outage is soon worked off.
    """
    with _reported(line):
        for batch in _batches(ClaimOverdue, shard):
            line["failed"] |= batch.failed
            for claim in batch.claims:
                with _acting_on(line, claim.order.order_id):
                    _repair(claim)


@scheduled(minutes=60)
def reconcile(line: dict[str, Any]) -> None:
    """Closes the stock and the money that are held for over an hour although their order has ended.

    What is held for a confirmed order is sold, what is held for a cancelled order is given back. So a lost
    OrderConfirmed heals. An order that is still open is left to the sweep. Raises RepairIncomplete.
    """
    with _reported(line):
        for shard in range(SHARDS):
            for held in (STOCK, MONEY):
                with noted(line["failed"], f"{held.claim.__name__} of shard {shard}"):
                    _reconcile(line, held, shard)


def _reconcile(line: dict[str, Any], held: Held, shard: int) -> None:
    for batch in _batches(held.claim, shard):
        line["failed"] |= batch.failed
        for order_id in batch.order_ids:
            with _acting_on(line, order_id):
                _close(order_id, held)


def _batches(command: Callable[..., Command[Claimed]], shard: int) -> Iterator[Claimed]:
    """Claims batch after batch, until the end of the shard or until the time is up."""
    until = identity.now() + LONGEST
    batch = ask(command(shard=shard, after=None))
    yield batch
    while batch.after and identity.now() < until:
        batch = ask(command(shard=shard, after=batch.after))
        yield batch


@contextmanager
def _reported(line: dict[str, Any]) -> Iterator[None]:
    """Begins the lists in the log's line. Raises RepairIncomplete at the end if anything failed."""
    line["orders"], line["failed"] = [], {}
    yield
    if line["failed"]:
        raise RepairIncomplete(count=len(line["failed"]))
    del line["failed"]


@contextmanager
def _acting_on(line: dict[str, Any], order_id: str) -> Iterator[None]:
    """Lists the order in the log's line. An order that fails does not hold up the others."""
    line["orders"].append(order_id)
    with noted(line["failed"], order_id):
        yield


def _repair(claim: Claim) -> None:
    """Runs the same saga again, in which each step finds what it had done, or runs the undo lane."""
    if claim.forward:
        executions.start_saga(claim.order, run=claim.run)
    else:
        executions.start_repair(claim.order.order_id, run=claim.run)


def _close(order_id: str, held: Held) -> None:
    match ask(OrderStatus(order_id=order_id)).status:
        case "CONFIRMED":
            ask(held.sell(order_id=order_id))
        case "CANCELLED":
            ask(held.give_back(order_id=order_id))
