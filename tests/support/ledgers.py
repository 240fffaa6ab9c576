"""Commits and seals as DynamoDB stores them, written by hand from the formats that payments promises."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from kernel.events import Envelope

Item = dict[str, Any]
Step = tuple[Item, Sequence[str]]
SAID = ("pk", "version", "sequence", "entries", "events", "state", "fold", "cause")
RECORDED = "2026-03-01T12:00:00.000000+00:00"
# The entry of each event of a payment, and the status of the payment after each entry.
ENTRIES = {
    "PaymentCaptured": "Captured",
    "PaymentDeclined": "Declined",
    "PaymentVoided": "Voided",
    "RefundStarted": "RefundStarted",
    "PaymentRefunded": "Refunded",
}
STATUS = {"ChargeStarted": "PENDING", "RefundStarted": "REFUNDING", "SalePosted": "SOLD"}


def digest(item: Mapping[str, Any], *, after: str) -> str:
    """SHA-256 over the digest before and all that the commit says, in the order of the format."""
    recorded_at = item["moment"].partition("#")[0]
    said = [after, *(item[name] for name in SAID), recorded_at, item.get("effective_at", recorded_at)]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def commit(
    pk: str, version: int, *, state: Item, entries: Sequence[Item] = (), events: Sequence[str] = ()
) -> Item:
    """A commit of the stream `pk`; `chained` gives it its digest."""
    kind = pk.partition("#")[0]
    return {
        "pk": pk,
        "sk": kind if version == 1 else f"{kind}#{version:010}",
        "version": version,
        "sequence": len(events),
        "entries": json.dumps([{"v": 1, **entry} for entry in entries]),
        "events": list(events),
        "state": json.dumps(state),
        "fold": 1,
        "cause": "test",
        "kind": "outbox" if events else "commit",
        "hour": "2026-03-01T12#0",
        "moment": RECORDED,
    }


def counted(stream: Iterable[Item]) -> list[Item]:
    """The commits of one stream, each with the number of its last event."""
    made, sequence = list[Item](), 0
    for item in stream:
        sequence += len(item["events"])
        made.append({**item, "sequence": sequence})
    return made


def chained(stream: Iterable[Item]) -> list[Item]:
    """The commits of one stream, each with its digest."""
    made, before = list[Item](), ""
    for item in stream:
        before = digest(item, after=before)
        made.append({**item, "moment": f"{item['moment'].partition('#')[0]}#{before}"})
    return made


def chained_anew(commits: Iterable[Item]) -> list[Item]:
    """The commits of all streams, as somebody who can write the whole table would leave them."""
    ordered = sorted(commits, key=lambda item: (item["pk"], item["sk"]))
    return [item for _, stream in groupby(ordered, key=lambda item: item["pk"]) for item in chained(stream)]


def payment(order_id: str, record: Mapping[str, Any], events: Sequence[Envelope]) -> list[Item]:
    """The stream of a payment: what its events say, and in the end what its record says."""
    made, held = list[Item](), 0
    steps = list(_steps(record, events))
    for version, (entry, texts) in enumerate(steps, start=1):
        held += sum(_raises("order", posting) for posting in entry.get("postings", ()))
        status = STATUS.get(entry["type"], entry["type"].upper())
        told = record if version == len(steps) else {"status": status, "reason": ""}
        said: Item = {"order_id": order_id, "status": told["status"], "reason": told["reason"], "held": held}
        said |= {"charge": _charge(record), "refunds": told.get("refunds", {})}
        state = {name: value for name, value in said.items() if value}
        made.append(commit(f"payment#{order_id}", version, state=state, entries=[entry], events=texts))
    return chained(counted(made))


def wallet(customer_id: str, changes: Sequence[Item], events: Sequence[Envelope]) -> list[Item]:
    """The stream of a wallet: a commit for each change, which has one event."""
    made = list[Item]()
    for version, (entry, event) in enumerate(zip(changes, events, strict=True), start=1):
        balances = {"EUR": balance(changes[:version])}
        state = {"customer_id": customer_id, "balances": balances, "holds": holds(changes[:version])}
        texts = [event.model_dump_json()]
        made.append(commit(f"wallet#{customer_id}", version, state=state, entries=[entry], events=texts))
    return chained(counted(made))


def balance(changes: Iterable[Item]) -> dict[str, int]:
    """What is in a wallet after these changes, and what of it is held, in minor units."""
    known = list(changes)
    moved = [posting for entry in known for name in ("postings", "mirror") for posting in entry.get(name, ())]
    pending = sum(held["amount"] for held in holds(known).values())
    return {"posted": sum(_raises("wallet", posting) for posting in moved), "pending": pending}


def holds(changes: Iterable[Item]) -> dict[str, Item]:
    """What a wallet holds for which order after these changes."""
    found = dict[str, Item]()
    for entry in changes:
        if entry["type"] == "Held":
            found[entry["order_id"]] = entry["amount"]
        elif entry["type"] in ("HoldPosted", "HoldVoided"):
            found.pop(entry["order_id"], None)
    return found


def posting(debit: str, credit: str, amount: int) -> Item:
    return {"code": "test", "debit": debit, "credit": credit, "amount": amount, "currency": "EUR"}


def vault(commits: Sequence[Item]) -> list[Item]:
    """Seals of all these commits: two, and a seal of a quiet hour between them."""
    middle = len(commits) // 2
    return sealed([commits[:middle], [], commits[middle:]])


def sealed(batches: Sequence[Sequence[Item]]) -> list[Item]:
    """A seal for each batch of commits, a minute after the other."""
    made, before = list[Item](), ""
    for number, batch in enumerate(batches, start=1):
        known = [[item["pk"], item["sk"], item["moment"].partition("#")[2]] for item in batch]
        time = f"2026-03-01T12:{number:02}:00.000000+00:00"
        made.append(seal(number, time, previous=before, commits=known))
        before = made[-1]["digest"]
    return made


def seal(number: int, time: str, *, previous: str, commits: list[list[str]]) -> Item:
    said = json.dumps([number, time, time, previous, commits], separators=(",", ":"))
    return {
        "pk": "seal",
        "sk": f"{number:010}",
        "sealed_at": time,
        "until": time,
        "previous": previous,
        "digest": hashlib.sha256(said.encode()).hexdigest(),
        "commits": json.dumps(commits),
    }


def _steps(record: Mapping[str, Any], events: Sequence[Envelope]) -> Iterable[Step]:
    """The entries of a payment, each with its sealed events. A capture without an event is of the record."""
    if "customer_id" in record:
        yield {"type": "ChargeStarted", **_charge(record)}, ()
    is_sold = record.get("sold", record["status"] == "SOLD")
    types = [event.type for event in events]
    if "PaymentCaptured" not in types and record["status"] in ("CAPTURED", "SOLD"):
        yield _entry("Captured", record), ()
    for event in events:
        entry = _entry(ENTRIES[event.type], record) if event.type in ENTRIES else _of_refund(event)
        yield entry, [event.model_dump_json()]
        if is_sold and event.type == "PaymentCaptured":
            yield _entry("SalePosted", record), ()


def _entry(kind: str, record: Mapping[str, Any]) -> Item:
    payer = "processor_receivable" if "intent_id" in record else "wallet"
    moves = {
        "Captured": (payer, "order"),
        "SalePosted": ("order", "revenue"),
        "Refunded": ("order", payer),
    }
    if kind not in moves:
        return {"type": kind}
    debit, credit = moves[kind]
    return {"type": kind, "postings": [posting(debit, credit, record["amount"])]}


def _of_refund(event: Envelope) -> Item:
    """The entry of an event about a refund after the sale, which the processor has given back at last."""
    moves = {"SaleRefundStarted": ("refunds", "order"), "SaleRefunded": ("order", "processor_receivable")}
    debit, credit = moves[event.type]
    moved = posting(debit, credit, event.data["amount"]["amount"])
    return {
        "type": event.type,
        "refund": event.data["refund"],
        "amount": event.data["amount"],
        "postings": [moved],
    }


def _charge(record: Mapping[str, Any]) -> Item:
    if "customer_id" not in record:
        return {}
    terms = {name: record[name] for name in ("customer_id", "intent_id") if name in record}
    return {**terms, "amount": {"amount": record["amount"], "currency": record["currency"]}}


def _raises(account: str, posting: Mapping[str, Any]) -> int:
    """By how much the posting raises an account whose normal side is the credit."""
    return int(((posting["credit"] == account) - (posting["debit"] == account)) * posting["amount"])
