"""Walkthroughs of money: an outcome that nobody knew for a while, and a balance as of a moment."""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from localstack.shop.client import Settle, fresh_key, money
from localstack.shop.deployed import expect, wait_for
from localstack.shop.walkthrough import CONFIRMED, Walkthrough, WalkthroughResult

GIFTS = (1000, 300)
SEALER = "payments.sealing.seal"


def credit(customer: Settle) -> int:
    """What is in the customer's wallet, in minor units."""
    balances = expect(customer.call("GET", "/wallets/me"), 200)["balances"]
    return sum(int(one["available"]) for one in balances)


def unknown_outcome(walk: Walkthrough) -> WalkthroughResult:
    """The acquirer takes the money and answers with an error. Nothing is decided until it was asked again."""
    purchase = walk.buy("Hojicha", "pm_error_after")
    look = partial(walk.shop.intents, purchase.order_id)
    wait_for(look, lambda intents: any(intent["amount_received"] for intent in intents))
    ours = expect(walk.shop.operator.payment(purchase.order_id), 200)["status"]
    known = "nobody knows yet" if ours == "PENDING" else "by now it is known"
    walk.tell(f"the acquirer has taken the money and answered 500; our own books say {ours}: {known}")
    walk.tell("nothing is charged again, and nothing undone: the next run asks for the payment by its id")
    return walk.end(purchase, CONFIRMED)


def balance_as_of(walk: Walkthrough) -> WalkthroughResult:
    """A wallet's balance before, between and after two gifts, each as of its moment."""
    walk.shop.run_job(SEALER)
    first, before = credit(walk.customer), _now()
    walk.tell(f"the sealer seals the ledger, as it does every minute; the wallet has {first / 100:.2f} EUR")
    _give(walk, GIFTS[0])
    walk.shop.run_job(SEALER)
    between = _now()
    _give(walk, GIFTS[1])
    told = [_as_of(walk, moment) for moment in (before, between, _now())]
    walk.tell(
        "provisional: no seal is younger than that moment, so a commit that is known late may yet count"
    )
    walk.shop.run_job(SEALER)
    told.append(wait_for(lambda: _statement(walk, between), lambda found: not found["provisional"]))
    _show(walk, told[-1])
    walk.tell("final: the same answer from now on, whatever is booked later")
    found = [_closing(one) for one in told]
    middle = first + GIFTS[0]
    wanted = [first, middle, middle + GIFTS[1], middle]
    unmet = () if found == wanted else (f"as of these moments: expected {wanted}, found {found}",)
    shown = ", ".join(f"{one / 100:.2f}" for one in found[:3])
    return WalkthroughResult(walk.title, "none", "", f"as of three moments: {shown}", unmet=unmet)


def _give(walk: Walkthrough, amount: int) -> None:
    owner = expect(walk.customer.call("GET", "/wallets/me"), 200)["customer_id"]
    gift = {**money(amount), "because": "a gift"}
    path = f"/wallets/{owner}/deposits"
    expect(walk.shop.operator.call("POST", path, gift, key=fresh_key()), 201)
    walk.tell(f"{_now()[11:23]} an operator gives {amount / 100:.2f} EUR")


def _as_of(walk: Walkthrough, moment: str) -> dict[str, Any]:
    found = _statement(walk, moment)
    _show(walk, found)
    return found


def _show(walk: Walkthrough, found: dict[str, Any]) -> None:
    state = "provisional" if found["provisional"] else f"final, by seal {found['seal']}"
    walk.tell(
        f"GET /wallets/me/statement?to={found['until'][11:23]} -> {_closing(found) / 100:.2f} EUR, {state}"
    )


def _statement(walk: Walkthrough, moment: str) -> dict[str, Any]:
    answer = walk.customer.call("GET", f"/wallets/me/statement?to={quote(moment)}")
    return dict(expect(answer, 200))


def _closing(statement: dict[str, Any]) -> int:
    return sum(int(one["amount"]) for one in statement["closing"])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
