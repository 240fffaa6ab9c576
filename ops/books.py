"""The card processor's own books, as the rules read them: the one place that knows which processor there is.

Today it is the sandbox, whose table is its books. The table is read here and not asked for through the
sandbox's API: a look must be as old as the look at the other tables. What the sandbox works out when it is
asked is worked out here once more, on purpose: rules that ran its code would never see its mistakes.
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
    """A payment that was processing settles by time alone."""
    settled = item["status"] == "processing" and at >= datetime.fromisoformat(item["settles_at"])
    status = "succeeded" if settled else item["status"]
    return {
        **{name: item[name] for name in ("id", "reference", "amount", "currency")},
        "status": status,
        "amount_captured": item["amount"] if status == "succeeded" else 0,
        "amount_refunded": sum(refund["amount"] for refund in item["refunds"]),
    }
