"""Commits of the ledger as DynamoDB stores them, written by hand from the format that payments promises."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Item = dict[str, Any]
SAID = ("pk", "version", "sequence", "entries", "events", "state", "fold", "cause")
RECORDED = "2026-03-01T12:00:00.000000+00:00"


def digest(item: Mapping[str, Any], *, after: str) -> str:
    """SHA-256 over the digest before and all that the commit says, in the order of the format."""
    recorded_at = item["moment"].partition("#")[0]
    said = [after, *(item[name] for name in SAID), recorded_at, item.get("effective_at", recorded_at)]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def commit(
    order_id: str, version: int, *, state: Item, entries: Sequence[Item] = (), events: Sequence[str] = ()
) -> Item:
    """A commit of an order's payment; `chained` gives it its digest."""
    place = f"payment#{order_id}"
    return {
        "pk": place,
        "sk": "payment" if version == 1 else f"payment#{version:010}",
        "version": version,
        "sequence": len(events),
        "entries": json.dumps([{"v": 1, **entry} for entry in entries]),
        "events": list(events),
        "state": json.dumps({"order_id": order_id, **state}),
        "fold": 1,
        "cause": "test",
        "kind": "outbox" if events else "commit",
        "hour": "2026-03-01T12#0",
        "moment": RECORDED,
    }


def chained(stream: Sequence[Item]) -> list[Item]:
    """The commits of one stream, counted and chained."""
    made, sequence, before = list[Item](), 0, ""
    for item in stream:
        sequence += len(item["events"])
        counted = {**item, "sequence": sequence}
        before = digest(counted, after=before)
        made.append({**counted, "moment": f"{RECORDED}#{before}"})
    return made


def state_of(record: Mapping[str, Any]) -> Item:
    """The state in the ledger of a payment that is told by the plain attributes of a record."""
    state = {"status": record["status"], "reason": record["reason"], "held": held_of(record)}
    if "intent_id" not in record:
        return state
    amount = {"amount": record["amount"], "currency": record["currency"]}
    terms = {name: record[name] for name in ("customer_id", "intent_id")}
    return {**state, "charge": {**terms, "amount": amount}}


def held_of(record: Mapping[str, Any]) -> int:
    """What the order's account holds: money that was captured and neither given back nor sold."""
    return int(record["amount"]) if record["status"] in ("CAPTURED", "REFUNDING") else 0


def written(order_id: str, record: Mapping[str, Any], events: Sequence[str]) -> list[Item]:
    """The stream of a payment: its charge, a commit for each event, and the state that the record tells."""
    charge = {name: record[name] for name in ("customer_id", "intent_id") if name in record}
    started = {**record, "status": "PENDING", "reason": ""}
    entry = {"type": "ChargeStarted", **charge}
    first = [commit(order_id, 1, state=state_of(started), entries=[entry])] if charge else []
    facts = [
        commit(order_id, len(first) + place, state=state_of(record), events=[text])
        for place, text in enumerate(events, start=1)
    ]
    last = commit(order_id, len(first) + len(facts) + 1, state=state_of(record))
    return chained([*first, *facts, last])
