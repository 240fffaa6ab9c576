"""Events: all that were committed and no others are published, none is missing, views are their fold."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from kernel.events import Envelope
from ops.evidence import Evidence, Item
from ops.invariants.registry import Finding, invariant
from ops.invariants.saga import AGGREGATES
from storefront import order_history

# Outbox rows are deleted after 30 days.
KEPT = timedelta(days=29)
# The records that no order sets off: their events are correlated with what they are about.
ALONE = ("product", "adjustment", "customer", "wallet")


@invariant
def no_number_is_missing(evidence: Evidence) -> Iterator[Finding]:
    """An aggregate's events are numbered from 1 without gaps."""
    for (source, subject), events in evidence.known.items():
        if len(evidence.history[source, subject]) < len(events) and not _moves(evidence, events.values()):
            yield subject, f"its events are numbered {sorted(events)}"


@invariant
def no_number_is_given_twice(evidence: Evidence) -> Iterator[Finding]:
    """No two different events of an aggregate have the same number, wherever they stand."""
    seen: dict[tuple[str, str, int], Envelope] = {}
    for event in (*evidence.committed, *evidence.journal, *evidence.published):
        if seen.setdefault((event.source, event.subject, event.sequence), event) != event:
            yield event.subject, f"two different events have the number {event.sequence}"


@invariant
def record_counts_its_events(evidence: Evidence) -> Iterator[Finding]:
    """A record's sequence is the number of its last event, and no event is without its record."""
    for service, kind in AGGREGATES:
        records = evidence.records(service, kind)
        published = {
            subject.removeprefix(f"{kind}/"): max(events)
            for (source, subject), events in evidence.known.items()
            if (source, subject.partition("/")[0]) == (f"settle.{service}", kind)
            and not _moves(evidence, events.values())
        }
        for name in sorted({*published, *dict(_at_rest(evidence, service, kind))}):
            sequence = records.get(name, {}).get("sequence", 0)
            if sequence != published.get(name, 0):
                yield f"{kind}/{name}", f"its sequence is {sequence}, its last event {published.get(name, 0)}"


@invariant
def committed_is_published(evidence: Evidence) -> Iterator[Finding]:
    """Every event in an outbox has reached the bus."""
    published = _ids(evidence.published)
    for event in evidence.committed:
        if event.id not in published and not evidence.moves(event.correlationid):
            yield event.subject, f"{event.type} {event.sequence} was committed and never published"


@invariant
def published_is_committed(evidence: Evidence) -> Iterator[Finding]:
    """Every event that was published in the last 30 days stands in an outbox."""
    committed = _ids(evidence.committed)
    for event in {event.id: event for event in evidence.published}.values():
        if event.id not in committed and event.time > evidence.at - KEPT:
            yield event.subject, f"{event.type} {event.sequence} was published and never committed"


@invariant
def journal_has_what_was_published(evidence: Evidence) -> Iterator[Finding]:
    """Every event that was published is in the storefront's journal."""
    kept = _ids(evidence.journal)
    for event in {event.id: event for event in evidence.published}.values():
        if event.id not in kept and not evidence.moves(event.correlationid):
            yield event.subject, f"{event.type} {event.sequence} was published and is not in the journal"


@invariant
def view_is_the_fold_of_history(evidence: Evidence) -> Iterator[Finding]:
    """An order's row in the storefront is the fold of its committed events, and of those in the journal."""
    rows = evidence.records("storefront", "order_history")
    journals: dict[str, list[Envelope]] = {}
    for event in evidence.journal:
        journals.setdefault(event.correlationid, []).append(event)
    for order_id in sorted({*rows, *evidence.orders}):
        if not evidence.moves(order_id):
            found = rows.get(order_id, {})
            for history in (evidence.correlated.get(order_id, ()), journals.get(order_id, ())):
                if not _is_fold(found, history):
                    yield order_id, "its row in the storefront is not the fold of its events"
                    break


def _is_fold(row: Item, history: Iterable[Envelope]) -> bool:
    folded = order_history.fold(history)
    wanted = folded.model_dump(mode="json") if folded else {}
    return (
        isinstance(row, dict)
        and {name: row.get(name) for name in wanted} == wanted
        and bool(row) == bool(wanted)
    )


@invariant
def prices_follow_the_catalog(evidence: Evidence) -> Iterator[Finding]:
    """The prices that orders has copied are those of the catalog."""
    copies = evidence.records("orders", "price")
    for sku, product in _at_rest(evidence, "catalog", "product"):
        copied = copies.get(sku, {})
        wanted = (product["price"], product["status"] == "LISTED")
        if (copied.get("price"), copied.get("for_sale")) != wanted:
            yield f"product/{sku}", "orders has another price of it"


def _at_rest(evidence: Evidence, service: str, kind: str) -> Iterator[tuple[str, Item]]:
    for name, record in evidence.records(service, kind).items():
        if not evidence.moves(f"{kind}/{name}" if kind in ALONE else name):
            yield name, record


def _moves(evidence: Evidence, events: Iterable[Envelope]) -> bool:
    return any(evidence.moves(event.correlationid) for event in events)


def _ids(events: Iterable[Envelope]) -> set[str]:
    return {event.id for event in events}
