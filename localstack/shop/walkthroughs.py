"""The ten walkthroughs of the demo, each with the end that order, stock and money must have."""

import time
from dataclasses import replace
from functools import partial

from localstack.shop import erasure_walkthrough, isolation, money_walkthroughs
from localstack.shop.client import fresh_key, money
from localstack.shop.deployed import EndState, NeverHappened, expect, wait_for
from localstack.shop.seed import PLENTY
from localstack.shop.walkthrough import (
    CONFIRMED,
    QUANTITY,
    TAKEN,
    TOTAL,
    Plan,
    Purchase,
    Walkthrough,
    WalkthroughResult,
)

UNCHARGED = EndState("CANCELLED", None, (PLENTY, 0), "VOIDED", charges=0, captured=0, refunded=0)
REFUNDED = EndState(
    "CANCELLED", "CancelledByCustomer", (PLENTY, 0), "REFUNDED", charges=1, captured=TOTAL, refunded=TOTAL
)
PAID_FROM_WALLET = EndState("CONFIRMED", None, TAKEN, "SOLD", charges=0, captured=0, refunded=0)
CREDIT, PART = 5000, 300


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
    before = money_walkthroughs.credit(customer)
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
    left, wanted = money_walkthroughs.credit(customer), before - TOTAL + PART
    walk.tell(f"the wallet has {left / 100:.2f} EUR")
    unmet = () if left == wanted else (f"the wallet: expected {wanted}, found {left}",)
    paid = f"SOLD, {TOTAL / 100:.2f} from the wallet, {PART / 100:.2f} returned"
    return replace(result, payment=paid, unmet=result.unmet + unmet)


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


WALKTHROUGHS: tuple[tuple[str, Plan], ...] = (
    ("a. confirmed", confirmed),
    ("b. payment declined", declined),
    ("c. out of stock", out_of_stock),
    ("d. cancelled by its customer", cancelled),
    ("e. sent twice", sent_twice),
    ("f. partly refunded", partly_refunded),
    ("g. isolation", isolated),
    ("h. an outcome that was unknown", money_walkthroughs.unknown_outcome),
    ("i. a balance as of a moment", money_walkthroughs.balance_as_of),
    ("j. an erasure", erasure_walkthrough.erased),
)


def play(walk: Walkthrough, plan: Plan) -> WalkthroughResult:
    """The walkthrough's result. If it cannot be played to its end, the result names that as unmet."""
    try:
        return plan(walk)
    except NeverHappened as error:
        return WalkthroughResult(walk.title, "?", "?", "?", unmet=(str(error),))
