"""Refunds after the sale as operators ask for them, and the runs of the schedule that sees to them."""

from typing import Any

from payments import api, refunding, sales
from payments.refunding import RefundsIncomplete
from tests.support import aws
from tests.support.clock import Clock
from tests.support.payments import charge


def sold(method: str = "pm_approve", order_id: str = "o1") -> None:
    charge(order_id, method)
    sales.post(order_id, cause="test")


def ask(amount: int, *, key: str = "r1", order_id: str = "o1", currency: str = "EUR") -> tuple[int, Any]:
    body = {"amount": amount, "currency": currency, "because": "a cup was broken"}
    return operate("POST", f"/payments/{order_id}/refunds", body, key=key)


def retry(refund: str, *, key: str = "again") -> tuple[int, Any]:
    body = {"because": "the card works again"}
    return operate("POST", f"/payments/o1/refunds/{refund}/retry", body, key=key)


def settle(refund: str, by: str, *, key: str = "otherwise") -> tuple[int, Any]:
    body = {"by": by, "because": "the card is closed"}
    return operate("POST", f"/payments/o1/refunds/{refund}/settle", body, key=key)


def operate(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
    return aws.call(api.handler, method, path, body, customer="olga", role="operator", **options)


def see_to(clock: Clock, *, after: float = 0) -> list[str]:
    """A run of the schedule: the errors of refunds that could not be seen to."""
    clock.advance(after)
    line: dict[str, Any] = {}
    try:
        refunding.see_to_refunds.run(line)
    except RefundsIncomplete:
        return [str(one["outcome"]) for one in line["failed"].values()]
    return []


def shown() -> tuple[list[tuple[int, str, int]], int]:
    """Amount, progress and attempt of each refund of the order, and what may still go back."""
    status, told = operate("GET", "/payments/o1/refunds")
    assert status == 200
    found = [(one["amount"]["amount"], one["progress"], one["attempt"]) for one in told["refunds"]]
    return found, told["available"]


def waiting() -> list[str]:
    return [one["id"] for one in operate("GET", "/payments/refunds/failed")[1]["refunds"]]
