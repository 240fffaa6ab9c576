"""The journal: keeps every event for ever, with one partition per correlation id."""

from collections.abc import Iterable, Mapping, Sequence

from kernel.errors import ConditionFailed
from kernel.events import Envelope
from kernel.table import items, writes
from kernel.table.writes import Write

Aggregate = tuple[str, str]


def append(envelope: Envelope) -> None:
    """Keeps the event. May run twice: a row is never changed, and the second run changes nothing."""
    row = Write(
        key={
            "pk": f"journal#{envelope.correlationid}",
            "sk": f"{envelope.source}#{envelope.subject}#{envelope.sequence:010}",
        },
        sets={"event": envelope.model_dump_json()},
        condition="attribute_not_exists(#event)",
    )
    try:
        writes.update(row)
    except ConditionFailed:
        return


def read(correlation: str) -> Sequence[Envelope]:
    """All events of the correlation that were appended before this call.

    A Query is no snapshot: of two events appended meanwhile it may see the later and miss the earlier.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
    """
    rows = items.query("#pk = :pk", {"pk": f"journal#{correlation}"}, ConsistentRead=True)
    return [Envelope.model_validate_json(row["event"]) for row in rows]


def prefixes(envelopes: Iterable[Envelope]) -> Mapping[Aggregate, Sequence[Envelope]]:
    """The events of each aggregate, by (source, subject): 1 to n without a gap, each once and in order.

    Events beyond a gap are left out until the gap is filled.
    """
    distinct = {(event.source, event.subject, event.sequence): event for event in envelopes}
    found: dict[Aggregate, list[Envelope]] = {}
    for (source, subject, sequence), event in sorted(distinct.items()):
        prefix = found.setdefault((source, subject), [])
        if sequence == len(prefix) + 1:
            prefix.append(event)
    return found
