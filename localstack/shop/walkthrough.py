"""A walkthrough: a customer's purchase as it is told, and the end that order, stock and money must have."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

from localstack.shop.client import ApiResponse, fresh_key
from localstack.shop.deployed import FINAL, DeployedShop, EndState, NeverHappened, expect, wait_for
from localstack.shop.seed import CUSTOMER, PLENTY, PRICE, Seed

QUANTITY = 2
TOTAL = PRICE * QUANTITY
TAKEN = (PLENTY - QUANTITY, QUANTITY)
CONFIRMED = EndState("CONFIRMED", None, TAKEN, "SOLD", charges=1, captured=TOTAL, refunded=0)
Tell = Callable[[str], None]


@dataclass(frozen=True)
class WalkthroughResult:
    """How a walkthrough ended, the expectations that were not met, and its order, if it had one.

    `stock` tells the units that are available, and those that are taken. `person` is whom a token has to name
    to see what becomes of them.
    """

    title: str
    order: str
    stock: str
    payment: str
    seconds: float | None = None
    unmet: tuple[str, ...] = ()
    order_id: str | None = None
    person: str | None = None


@dataclass(frozen=True)
class Purchase:
    """An accepted order, and when it was accepted (monotonic seconds)."""

    order_id: str
    sku: str
    accepted_at: float


class Walkthrough:
    """One customer's purchase: tells each step as it happens, and compares the end with the expected one."""

    def __init__(self, shop: DeployedShop, seed: Seed, title: str, tell: Tell) -> None:
        self.shop, self.seed, self.title, self.tell = shop, seed, title, tell
        self.customer = shop.customer(CUSTOMER)

    def send(self, tea: str, method: str, key: str) -> ApiResponse:
        """Sends a checkout for two units of a tea."""
        answer = self.customer.checkout(self.seed.skus[tea], QUANTITY, self.seed.methods[method], key=key)
        order_id = expect(answer, 202)["order_id"]
        self.tell(f"POST /checkout: {QUANTITY} {tea}, paid by {method} -> {answer.status} {order_id}")
        return answer

    def buy(self, tea: str, method: str = "pm_approve") -> Purchase:
        accepted = self.send(tea, method, fresh_key())
        return Purchase(accepted.body["order_id"], self.seed.skus[tea], time.monotonic())

    def follow(self, purchase: Purchase) -> float:
        """Tells each event of the order's history until the order has ended. Returns how many seconds."""
        told: set[str] = set()
        ended = None
        while True:
            order = self.customer.order(purchase.order_id).body
            if ended is None and order["status"] in FINAL:
                ended = time.monotonic() - purchase.accepted_at
            shown = self.customer.history(purchase.order_id)
            for event in events_of(shown):
                if event not in told:
                    told.add(event)
                    self.tell(f"{time.monotonic() - purchase.accepted_at:5.1f} s  {event}")
            if ended is not None and _shows(shown, order["status"]):
                return ended
            if time.monotonic() - purchase.accepted_at > 90:
                raise NeverHappened(f"order {purchase.order_id} is still {order['status']} after 90 s")
            time.sleep(0.1)

    def end(self, purchase: Purchase, expected: EndState) -> WalkthroughResult:
        seconds = self.follow(purchase)
        found = self.settled(purchase, expected)
        return WalkthroughResult(
            title=self.title,
            order=f"{found.order}{f' ({found.reason})' if found.reason else ''}",
            stock=" / ".join(map(str, found.stock)),
            payment=f"{found.payment}, {found.captured / 100:.2f} taken, {found.refunded / 100:.2f} returned",
            seconds=seconds,
            unmet=differences(expected, found),
            order_id=purchase.order_id,
        )

    def settled(self, purchase: Purchase, expected: EndState) -> EndState:
        """The expected end once it is there; after 30 seconds the end that is there instead."""
        look = partial(self.shop.end_state, purchase.order_id, purchase.sku)
        try:
            return wait_for(look, lambda found: found == expected, patience=30)
        except NeverHappened:
            return look()


def events_of(history: ApiResponse) -> list[str]:
    """The types of the events in an order's history, in its order."""
    return [step["type"] for step in history.body["timeline"]] if history.status == 200 else []


def _shows(history: ApiResponse, status: str) -> bool:
    return history.status == 200 and bool(history.body["status"] == status)


def differences(expected: EndState, found: EndState) -> tuple[str, ...]:
    seen = asdict(found)
    return tuple(
        f"{name}: expected {value}, found {seen[name]}"
        for name, value in asdict(expected).items()
        if seen[name] != value
    )


Plan = Callable[[Walkthrough], WalkthroughResult]
