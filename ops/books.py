"""The card processor's own books, as the invariants read them. Only this file knows which processor there is.

Today it is the sandbox, and its table is its books. This file reads the table and not the sandbox's API,
because the books have to be of the same moment as the other tables. Some fields the sandbox computes when it
is asked. This file computes them again on purpose: invariants that ran the sandbox's code would never see its
mistakes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ops.evidence import Item

SANDBOX = "acquirer"
DISPUTE_FEE = 1500
NO_DISPUTE = {"amount_disputed": 0, "dispute_fees": 0}
# After the capture the dispute opens, after that it is decided, and whether it is won.
DISPUTES = {
    "pm_dispute_won": (timedelta(days=2), timedelta(days=10), True),
    "pm_dispute_lost": (timedelta(days=2), timedelta(days=10), False),
    "pm_dispute_at_once": (timedelta(), timedelta(hours=1), False),
}
OWN = "__"  # stands in the name of a test method that is one customer's own


def intents(tables: Mapping[str, Sequence[Item]], at: datetime) -> list[dict[str, Any]]:
    """Every payment that the processor knows of, as it stood at that moment; amounts in minor units."""
    books = tables.get(SANDBOX, ())
    detached = {item["pk"].partition("#")[2] for item in books if item["sk"] == "method"}
    return [_shown(item, detached, at=at) for item in books if item["sk"] == "intent"]


def _shown(item: Item, detached: set[str], *, at: datetime) -> dict[str, Any]:
    """The payment as the processor's API shows it: one that was processing settles when its time has come.

    `attached`: whether its method is a customer's own, and was not detached.
    """
    method = item["payment_method"]
    settled = item["status"] == "processing" and at >= datetime.fromisoformat(item["settles_at"])
    status = "succeeded" if settled else item["status"]
    return {
        "id": item["id"],
        "reference": item.get("reference", ""),
        "amount": item["amount"],
        "currency": item["currency"].upper(),
        "status": status,
        "attached": OWN in method and method not in detached,
        "amount_captured": item["amount"] if status == "succeeded" else 0,
        "amount_refunded": sum(refund["amount"] for refund in item["refunds"] if not _failed(refund, at)),
        **_disputed(item, at),
    }


def _disputed(item: Item, at: datetime) -> Mapping[str, int]:
    """What the bank of a customer keeps by then of what it has taken back, and the fee for a dispute."""
    plan = DISPUTES.get(str(item.get("payment_method")).partition("__")[0])
    if plan is None or not item["settles_at"]:
        return NO_DISPUTE
    opens, closes, won = plan
    opens_at = datetime.fromisoformat(item["settles_at"]) + opens
    asked = [one for one in item["refunds"] if datetime.fromisoformat(one["created_at"]) <= opens_at]
    amount = item["amount"] - sum(one["amount"] for one in asked if not _failed(one, opens_at))
    if amount <= 0 or at < opens_at:
        return NO_DISPUTE
    given = won and at >= opens_at + closes
    return {"amount_disputed": 0 if given else amount, "dispute_fees": DISPUTE_FEE}


def _failed(refund: Item, at: datetime) -> bool:
    """Whether the money has come back to us by then: a refund may fail at once, or days later."""
    fails_at = str(refund.get("fails_at", ""))
    return bool(fails_at) and at >= datetime.fromisoformat(fails_at)
