"""The seven walkthroughs of the demo, each with the end that order, stock and money must have."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial

from localstack.shop import isolation
from localstack.shop.client import ApiResponse, Settle, fresh_key, money
from localstack.shop.deployed import FINAL, DeployedShop, EndState, NeverHappened, expect, wait_for
from localstack.shop.seed import CUSTOMER, PLENTY, PRICE, Seed

QUANTITY = 2
TOTAL = PRICE * QUANTITY
CONFIRMED = EndState("CONFIRMED", None, (8, 2), "SOLD", charges=1, captured=TOTAL, refunded=0)
UNCHARGED = EndState("CANCELLED", None, (PLENTY, 0), "VOIDED", charges=0, captured=0, refunded=0)
REFUNDED = EndState(
    "CANCELLED", "CancelledByCustomer", (PLENTY, 0), "REFUNDED", charges=1, captured=TOTAL, refunded=TOTAL
)
PAID_FROM_WALLET = EndState("CONFIRMED", None, (8, 2), "SOLD", charges=0, captured=0, refunded=0)
CREDIT, PART = 5000, 300
Tell = Callable[[str], None]


@dataclass(frozen=True)
class WalkthroughResult:
    """How a walkthrough ended, the expectations that were not met, and its order, if it had one.

    `stock` tells the units that are available, and those that are taken.
    """

    title: str
    order: str
    stock: str
    payment: str
    seconds: float | None = None
    unmet: tuple[str, ...] = ()
    order_id: str | None = None


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


def confirmed(walk: Walkthrough) -> WalkthroughResult:
    return walk.end(walk.buy("Assam"), CONFIRMED)


def declined(walk: Walkthrough) -> WalkthroughResult:
    expected = replace(UNCHARGED, reason="PaymentDeclined", payment="DECLINED")
    return walk.end(walk.buy("Bancha", "pm_decline"), expected)


def out_of_stock(walk: Walkthrough) -> WalkthroughResult:
    return walk.end(walk.buy("Ceylon"), replace(UNCHARGED, reason="OutOfStock", stock=(1, 0)))


def cancelled(walk: Walkthrough) -> WalkthroughResult:
    """Cancels after the acquirer has taken the money and before the payments service knows it."""
    purchase = walk.buy("Darjeeling", "pm_approve_slowly")
    look = partial(walk.shop.intents, purchase.order_id)
    wait_for(look, lambda intents: any(intent["amount_received"] for intent in intents))
    answer = walk.customer.cancel(purchase.order_id)
    expect(answer, 202)
    walk.tell(f"the acquirer has taken the money and not answered yet: POST .../cancel -> {answer.status}")
    return walk.end(purchase, REFUNDED)


def sent_twice(walk: Walkthrough) -> WalkthroughResult:
    key = fresh_key()
    first = walk.send("Earl Grey", "pm_approve", key)
    purchase = Purchase(first.body["order_id"], walk.seed.skus["Earl Grey"], time.monotonic())
    second = walk.send("Earl Grey", "pm_approve", key)
    result = walk.end(purchase, CONFIRMED)
    same = () if second.body == first.body else (f"the second answer was {second.body}",)
    return replace(result, unmet=result.unmet + same)


def partly_refunded(walk: Walkthrough) -> WalkthroughResult:
    """Pays from the wallet, and gets a part of the sale back into it."""
    operator, customer = walk.shop.operator, walk.customer
    owner = expect(customer.call("GET", "/wallets/me"), 200)["customer_id"]
    gift = {**money(CREDIT), "because": "the parcel was late"}
    expect(operator.call("POST", f"/wallets/{owner}/deposits", gift, key=fresh_key()), 201)
    before = _credit(customer)
    walk.tell(f"an operator gives {CREDIT / 100:.2f} EUR of store credit: the wallet has {before / 100:.2f}")
    registered = customer.call("POST", "/payments/methods", {"wallet": True}, key=fresh_key())
    method = expect(registered, 201)["payment_method"]
    sku = walk.seed.skus["Genmaicha"]
    order_id = expect(customer.checkout(sku, QUANTITY, method, key=fresh_key()), 202)["order_id"]
    walk.tell(f"POST /checkout: {QUANTITY} Genmaicha, paid from the wallet -> 202 {order_id}")
    result = walk.end(Purchase(order_id, sku, time.monotonic()), PAID_FROM_WALLET)
    back = {**money(PART), "because": "a tin was dented"}
    refund = operator.call("POST", f"/payments/{order_id}/refunds", back, key=fresh_key())
    walk.tell(f"POST /payments/.../refunds: {PART / 100:.2f} EUR -> {refund.status}")
    left, wanted = _credit(customer), before - TOTAL + PART
    walk.tell(f"the wallet has {left / 100:.2f} EUR")
    unmet = () if left == wanted else (f"the wallet: expected {wanted}, found {left}",)
    paid = f"SOLD, {TOTAL / 100:.2f} from the wallet, {PART / 100:.2f} returned"
    return replace(result, payment=paid, unmet=result.unmet + unmet)


def _credit(customer: Settle) -> int:
    """What is in the customer's wallet, in minor units."""
    balances = expect(customer.call("GET", "/wallets/me"), 200)["balances"]
    return sum(int(one["available"]) for one in balances)


def isolated(walk: Walkthrough) -> WalkthroughResult:
    outputs = walk.shop.deployment.outputs
    walk.tell("a throwaway function gets the role of the orders service's ConfirmOrder")
    with isolation.probe(
        walk.shop.deployment.endpoint, outputs["SettleOrders"]["ConfirmOrderRoleArn"]
    ) as probe:
        own, other = (probe.read(outputs[stack]["TableName"]) for stack in ("SettleOrders", "SettlePayments"))
    walk.tell(f"it reads the orders table: {own}; the payments table: {other}")
    unmet = [] if own == "allowed" else [f"its own table answered {own}"]
    if not other.startswith("AccessDenied"):
        unmet.append(f"the payments table answered {other}")
    return WalkthroughResult(walk.title, f"its table: {own}", "", f"its table: {other}", unmet=tuple(unmet))


Plan = Callable[[Walkthrough], WalkthroughResult]
WALKTHROUGHS: tuple[tuple[str, Plan], ...] = (
    ("a. confirmed", confirmed),
    ("b. payment declined", declined),
    ("c. out of stock", out_of_stock),
    ("d. cancelled by its customer", cancelled),
    ("e. sent twice", sent_twice),
    ("f. partly refunded", partly_refunded),
    ("g. isolation", isolated),
)


def play(walk: Walkthrough, plan: Plan) -> WalkthroughResult:
    """The walkthrough's result. If it cannot be played to its end, the result names that as unmet."""
    try:
        return plan(walk)
    except NeverHappened as error:
        return WalkthroughResult(walk.title, "?", "?", "?", unmet=(str(error),))
