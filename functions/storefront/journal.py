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
    """All events of the correlation, as they stood together at one moment of this call.

    A Query sees every event that was appended before it began, but it is no snapshot. Of two events that
    are appended meanwhile it may see the later and miss the earlier, above all between its pages. So the
    partition is read until two readings in a row find the same events. Rows are only ever added, so these
    are the events that were there after the first reading and before the second. Hence any two answers of
    this function are nested: one holds all events of the other, and answers of equal size are equal.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
    """
    seen = _rows(correlation)
    while len(again := _rows(correlation)) > len(seen):
        seen = again
    return [Envelope.model_validate_json(text) for text in seen]


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


def _rows(correlation: str) -> list[str]:
    rows = items.query("#pk = :pk", {"pk": f"journal#{correlation}"}, ConsistentRead=True)
    return [row["event"] for row in rows]
