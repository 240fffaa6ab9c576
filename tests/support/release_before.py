"""What functions of the release before the ledger do to payments' table, copied by hand from that release."""

from collections.abc import Mapping
from typing import Any

from kernel.table import items
from kernel.table.writes import Write, update

# That release kept one record of a payment, and knew these statuses.
STATUSES = {"NONE", "PENDING", "CAPTURED", "DECLINED", "VOIDED", "REFUNDING", "REFUNDED"}


def key(order_id: str) -> dict[str, str]:
    return {"pk": f"payment#{order_id}", "sk": "payment"}


def load(order_id: str) -> dict[str, Any] | None:
    """The record as that release read it. It failed by these errors on what it did not know."""
    record = items.load(key(order_id))
    if record is None:
        return None
    if record["status"] not in STATUSES:
        raise ValueError(f"{record['status']} is not a valid Status")
    known = {name: record[name] for name in ("status", "reason", "sequence")}
    return {**known, "version": record.get("version", 0)}


def save(order_id: str, read: Mapping[str, Any] | None, *, published: int, **sets: Any) -> None:
    """Writes the record under that release's condition: nobody has written it since it was `read`."""
    version, sequence = (read["version"], read["sequence"]) if read else (0, 0)
    condition, binds = "attribute_not_exists(#sequence)", {}
    if version:
        condition = "#version = :loaded AND #sequence = :published"
        binds = {"loaded": version, "published": sequence}
    elif sequence:
        condition = "attribute_not_exists(#version) AND #sequence = :published"
        binds = {"published": sequence}
    counts = {"version": version + 1, "sequence": sequence + published}
    update(Write(key(order_id), sets={**sets, **counts}, condition=condition, binds=binds))
