"""The commands that checkout sends to other services, and the fields of their answers that it reads."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from checkout.executions import PlacedOrder
from kernel.triggers.claims import After, Batch, Shard
from kernel.triggers.commands import Command, Refused


class Claim(BaseModel):
    """An open order that orders has claimed: its `run`th execution is to go `forward`, or to undo it."""

    forward: bool
    run: int
    order: PlacedOrder


class Claims(Batch):
    claims: tuple[Claim, ...]


class HeldOrders(Batch):
    order_ids: tuple[str, ...]


class OrderState(BaseModel):
    """An order's status."""

    order_id: str
    status: str


class Resumption(BaseModel):
    """A resumption that is on record. Its id `resumption` is also in the name of the repair."""

    order_id: str
    resumption: str


class Selected(BaseModel):
    """The ids of the parked orders that a request is about. `more`: others may be parked too."""

    order_ids: tuple[str, ...]
    more: bool


class Standing(BaseModel):
    """What a service says of its part of an order: undone for ever, held for it, or neither."""

    order_id: str
    status: str
    undone: bool
    held: bool


class Done(BaseModel):
    """An answer whose fields are not read."""


class ClaimOverdue(Command[Claims], of="orders"):
    """Claims a batch of a shard's orders that are open for too long, `after` the batch before."""

    shard: Shard
    after: After


class OrderStatus(Command[OrderState], of="orders"):
    order_id: str


class ResumeOrder(Command[Resumption | Refused], of="orders"):
    """Puts an operator's resumption on record. `request` is the same when `by` asks again."""

    order_id: str
    request: str
    by: str
    because: str


class SelectParked(Command[Selected | Refused], of="orders"):
    """Selects parked orders for a request to resume them. `request` is the same when `by` asks again."""

    request: str
    by: str
    because: str
    reason: str | None
    most: Annotated[int, Field(ge=1, le=100)]
    dry_run: bool


class ResolveOrder(Command[OrderState | Refused], of="orders"):
    """Ends a parked order as an operator says, if the books of payments and inventory allow it."""

    order_id: str
    request: str
    by: str
    because: str
    to: Literal["CONFIRMED", "CANCELLED"]
    payment: Standing
    reservation: Standing


class ClaimOpen(Command[HeldOrders], of="inventory"):
    """Claims a batch of a shard's orders for which stock is held for too long, `after` the batch before."""

    shard: Shard
    after: After


class ClaimUnsold(Command[HeldOrders], of="payments"):
    """Claims a batch of a shard's orders whose money is held for too long, `after` the batch before."""

    shard: Shard
    after: After


class PostSale(Command[Done], of="payments"):
    order_id: str


class RefundPayment(Command[Done], of="payments"):
    order_id: str


class CommitStock(Command[Done], of="inventory"):
    order_id: str


class ReleaseStock(Command[Done], of="inventory"):
    order_id: str


class ReservationStatus(Command[Standing], of="inventory"):
    order_id: str


class PaymentStatus(Command[Standing], of="payments"):
    order_id: str
