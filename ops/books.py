"""The card processor's own books, as the invariants read them. Only this file knows which processor there is.

Today it is the sandbox, and its table is its books. This file reads the table and not the sandbox's API,
because the books have to be of the same moment as the other tables. Some fields the sandbox computes when it
is asked. This file computes them again on purpose: invariants that ran the sandbox's code would never see its
mistakes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ops.evidence import Item

SANDBOX = "acquirer"


def intents(tables: Mapping[str, Sequence[Item]], at: datetime) -> list[dict[str, Any]]:
    """Every payment that the processor knows of, as it stood at that moment; amounts in minor units."""
    return [_shown(item, at) for item in tables.get(SANDBOX, ()) if item["sk"] == "intent"]


def _shown(item: Item, at: datetime) -> dict[str, Any]:
    """The payment as the processor's API shows it: one that was processing settles when its time has come."""
    settled = item["status"] == "processing" and at >= datetime.fromisoformat(item["settles_at"])
    status = "succeeded" if settled else item["status"]
    return {
        "id": item["id"],
        "reference": item.get("reference", ""),
        "amount": item["amount"],
        "currency": item["currency"].upper(),
        "status": status,
        "amount_captured": item["amount"] if status == "succeeded" else 0,
        "amount_refunded": sum(refund["amount"] for refund in item["refunds"] if not _failed(refund, at)),
    }


def _failed(refund: Item, at: datetime) -> bool:
    """Whether the money has come back to us by then: a refund may fail at once, or days later."""
    fails_at = str(refund.get("fails_at", ""))
    return bool(fails_at) and at >= datetime.fromisoformat(fails_at)
