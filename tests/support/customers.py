"""The requests of people and operators to customers, and what its tables hold after them."""

from datetime import datetime
from typing import Any

from customers import api, erasure
from customers.commands import (
    CountOpenOrders,
    Done,
    Emptied,
    FenceCustomer,
    Fenced,
    ForgetMethods,
    OpenPage,
    PayOutWallet,
    Place,
)
from kernel.errors import CommandFailed
from kernel.money import Money
from kernel.triggers.commands import Command
from tests.support import aws
from tests.support.clock import Clock

ADA = {"name": "Ada Löwe", "email": "ada@shop.example", "phone": "+4915123456789"}
HOME = {"lines": ["Ada Löwe", "Musterweg 1"], "city": "Köln", "country": "DE", "postcode": "50667"}
# No part of a profile is found by chance in what else is written.
PRIVATE = ("Ada", "Löwe", "ada@", "4915123456789", "Musterweg", "Köln", "50667")
ADDRESS = "/customers/me/addresses/home"


def ask(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, method, path, body, **options)


def register(body: Any = ADA, **options: Any) -> tuple[int, dict[str, Any]]:
    return ask("PUT", "/customers/me", body, **options)


def erase(key: str = "erase", **options: Any) -> tuple[int, dict[str, Any]]:
    return ask("POST", "/customers/me/erase", key=key, **options)


def erase_by_operator(
    who: str, key: str = "erase", because: str = "they asked"
) -> tuple[int, dict[str, Any]]:
    path, body = f"/customers/{who}/erase", {"because": because}
    return ask("POST", path, body, key=key, customer="olga", role="operator")


def keys() -> list[dict[str, Any]]:
    return aws.stored(aws.SEALING["KEYS"])


def said() -> list[tuple[str, int, dict[str, Any]]]:
    """Type, sequence and data of each event, in order."""
    return [(event.type, event.sequence, event.data) for event in aws.committed("customers")]


def status() -> str:
    return str(ask("GET", "/customers/me")[1]["status"])


def run(clock: Clock, *, after: int = 0) -> dict[str, Any]:
    """Runs the schedule's job after so many minutes, and answers what it adds to its line of the log."""
    clock.advance(60 * after)
    line: dict[str, Any] = {}
    erasure.erase_due.run(line)
    return line


class Others:
    """Orders and payments as an erasure asks them: `open` orders of each person, and what `fails`.

    `credit` is what was in each person's wallet.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock, self.fenced = clock, dict[str, datetime]()
        self.open: dict[tuple[str, str], int] = {}
        self.credit: dict[str, tuple[Money, ...]] = {}
        self.fails: set[type[Command[Any]]] = set()
        self.asked: list[str] = []

    def __call__(self, command: Command[Any]) -> Any:
        self.asked.append(type(command).__name__)
        if type(command) in self.fails:
            raise CommandFailed("no answer")
        match command:
            case FenceCustomer():
                return Fenced(since=self.fenced.setdefault(command.customer_id, self.clock.now()))
            case CountOpenOrders(place=Place(shard=0)):  # the first page of two
                return OpenPage(open=0, following=Place(2, None))
            case CountOpenOrders():
                return OpenPage(open=self.open.get((command.customer_id, command.kind), 0))
            case PayOutWallet():
                return Emptied(paid=self.credit.get(command.customer_id, ()))
            case ForgetMethods():
                return Done()
        raise AssertionError(command)
