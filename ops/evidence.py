"""The evidence that invariants judge: all that the services, the bus and the processor have stored."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from kernel.events import Envelope
from storefront import journal

Item = Mapping[str, Any]
Subject = tuple[str, str]

STREAMS = ("payment", "wallet", "settlement")
OPEN = ("PENDING", "CANCELLING")
# By then the sweep has ended or parked an order, and the reconciliation has closed its reservation.
HEALS_WITHIN = timedelta(hours=3)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that the services, the bus and the processor have stored.

    `tables` maps a service to every item of its table, as plain values. `published` are the events that were
    put on the bus; for a deployed stack they are those of the storefront's journal. `intents` are the
    processor's own books. An order still moves while its last event is not before `settled_before`, and while
    it is unfinished and may still be repaired automatically. Orders that move are held only to the invariants
    of every moment. Without `settled_before` no order moves.
    """

    tables: Mapping[str, Sequence[Item]]
    published: Sequence[Envelope]
    intents: Sequence[Item]
    at: datetime
    settled_before: datetime | None = None

    def records(self, service: str, kind: str) -> Mapping[str, Item]:
        """A service's `kind#<id>` records by id."""
        return self._records.get((service, kind), {})

    def settled(self, service: str, kind: str) -> Iterator[tuple[str, Item]]:
        """The records, with their ids, of the orders that no longer move."""
        found = self.records(service, kind).items()
        return ((order_id, record) for order_id, record in found if not self.moves(order_id))

    @property
    def orders(self) -> Mapping[str, Item]:
        return self.records("orders", "order")

    def moves(self, correlation: str) -> bool:
        """Whether the order or the product with this correlation id may still change by itself."""
        last = self._last.get(correlation)
        if self.settled_before is None or last is None:
            return False
        patience = self.at - HEALS_WITHIN if self._unfinished(correlation) else self.settled_before
        return last >= min(patience, self.settled_before)

    def intents_of(self, reference: str) -> Sequence[Item]:
        return self._intents.get(reference, [])

    @cached_property
    def committed(self) -> Sequence[Envelope]:
        """Every event in an outbox."""
        rows = [item for items in self.tables.values() for item in items if item.get("kind") == "outbox"]
        return [Envelope.model_validate_json(text) for row in rows for text in row["events"]]

    @cached_property
    def journal(self) -> Sequence[Envelope]:
        """Every event in the storefront's journal."""
        rows = [item for item in self.tables.get("storefront", ()) if item["pk"].startswith("journal#")]
        return [Envelope.model_validate_json(row["event"]) for row in rows]

    @cached_property
    def known(self) -> Mapping[Subject, Mapping[int, Envelope]]:
        """Every stored event, by (source, subject) and sequence. An outbox's copy of it comes first."""
        found: dict[Subject, dict[int, Envelope]] = defaultdict(dict)
        for event in (*self.committed, *self.journal, *self.published):
            found[event.source, event.subject].setdefault(event.sequence, event)
        return found

    @cached_property
    def history(self) -> Mapping[Subject, Sequence[Envelope]]:
        """The known events 1 to n without a gap, by (source, subject)."""
        return journal.prefixes(event for events in self.known.values() for event in events.values())

    @cached_property
    def correlated(self) -> Mapping[str, Sequence[Envelope]]:
        """Every known event, by correlation id."""
        found: dict[str, list[Envelope]] = defaultdict(list)
        for events in self.known.values():
            for event in events.values():
                found[event.correlationid].append(event)
        return found

    @cached_property
    def ledger(self) -> Mapping[str, Sequence[Item]]:
        """The commits of each stream of the ledger in order, by partition key.

        The first may be a record of the release before the ledger.
        """
        found: dict[str, list[Item]] = defaultdict(list)
        for item in self.tables.get("payments", ()):
            if item["pk"].partition("#")[0] in STREAMS:
                found[item["pk"]].append(item)
        return {pk: sorted(commits, key=lambda commit: commit["sk"]) for pk, commits in found.items()}

    @cached_property
    def seals(self) -> Sequence[Item]:
        """The seals of the ledger, in order."""
        return sorted(self.tables.get("vault", ()), key=lambda seal: seal["sk"])

    def _unfinished(self, order_id: str) -> bool:
        status = self.orders.get(order_id, {}).get("status")
        held = self.records("inventory", "reservation").get(order_id, {}).get("status")
        paid = self.records("payments", "payment").get(order_id, {}).get("status")
        waits = held == "RESERVED" or (paid, status) == ("CAPTURED", "CONFIRMED")
        return status in OPEN or (waits and status != "NEEDS_ATTENTION")

    @cached_property
    def _last(self) -> Mapping[str, datetime]:
        return {
            correlation: max(event.time for event in events)
            for correlation, events in self.correlated.items()
        }

    @cached_property
    def _intents(self) -> Mapping[str, Sequence[Item]]:
        found: dict[str, list[Item]] = defaultdict(list)
        for intent in self.intents:
            found[intent["reference"]].append(intent)
        return found

    @cached_property
    def _records(self) -> Mapping[tuple[str, str], Mapping[str, Item]]:
        found: dict[tuple[str, str], dict[str, Item]] = defaultdict(dict)
        for service, items in self.tables.items():
            for item in items:
                kind, _, name = item["pk"].partition("#")
                known = found[service, kind].get(name, {})
                if _replaces(item, known):
                    found[service, kind][name] = _newest(item) if "moment" in item else item
        return found


def _replaces(item: Item, known: Item) -> bool:
    """Whether an item tells more: a later commit does, and any commit after the record that it has closed."""
    if "moment" not in known:
        return True
    return "moment" in item and item["version"] > known["version"]


def _newest(commit: Item) -> Item:
    """What the newest commit of a stream says of its record, in the form of a record that is written over."""
    state = json.loads(commit["state"])
    charge = state.pop("charge", None) or {}
    amount = charge.pop("amount", {})
    return {"reason": "", **commit, **state, **charge, **amount}
