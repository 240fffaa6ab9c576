"""The journal: every event there was, for ever, one partition per correlation id."""

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

    A Query sees every event appended before it began, but it is no snapshot: of those appended
    meanwhile it may see a later one and miss an earlier one, all the more so between its pages. Rows
    are only ever added, so what two readings one after the other find alike is what was there when the
    first had ended and the second had not begun. Hence any two answers of this function are nested:
    one holds all of the other, and answers of equal size are equal.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
    """
    seen = _rows(correlation)
    while len(again := _rows(correlation)) > len(seen):
        seen = again
    return [Envelope.model_validate_json(text) for text in seen]


def prefixes(envelopes: Iterable[Envelope]) -> Mapping[Aggregate, Sequence[Envelope]]:
    """By (source, subject), the aggregate's events 1 to n without a gap, each once and in order.

    What lies beyond a gap is left out until the gap is filled.
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
