"""The commands that customers sends to other services, and the fields of their answers that it reads."""

from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel

from kernel.money import Money
from kernel.triggers.claims import After
from kernel.triggers.commands import Command

Kind = Literal["open", "parked"]
# Where open orders are looked for, one after the other: an order that is parked or resumed meanwhile goes
# from the one to the other, and is met all the same.
KINDS: tuple[Kind, ...] = ("parked", "open", "parked")


class Fenced(BaseModel):
    """Since when orders takes nothing new from the customer."""

    since: datetime


class Place(NamedTuple):
    """Where a page of orders begins."""

    shard: int
    after: After


class OpenPage(BaseModel):
    """How many open orders of the customer a page has, and where the next page begins, if there is one."""

    open: int
    following: Place | None = None


class Emptied(BaseModel):
    """What was paid out of the customer's wallet."""

    paid: tuple[Money, ...]


class Done(BaseModel):
    """An answer whose fields are not read."""


class FenceCustomer(Command[Fenced], of="orders"):
    """Has orders refuse the customer from now on, if it does not yet."""

    customer_id: str


class CountOpenOrders(Command[OpenPage], of="orders"):
    """Counts the customer's orders in a page of all open or all parked orders."""

    customer_id: str
    kind: Kind
    place: Place


class PayOutWallet(Command[Emptied], of="payments"):
    """Has payments pay out all that is in the customer's wallet, and close the wallet."""

    customer_id: str


class ForgetMethods(Command[Done], of="payments"):
    """Has payments refuse the customer, detach their payment methods at the processor, and forget them."""

    customer_id: str
