"""The relay: takes events from a table's stream to the bus. None is lost; some may be published twice."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from kernel.aws import at_init, connect
from kernel.errors import Unpublished
from kernel.retries import attempts
from kernel.table import buckets, items
from kernel.triggers.observability import invocation

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

ATTEMPTS = 4
MOST_ENTRIES = 10
MOST_BYTES = 256 * 1024
ENTRY_OVERHEAD = 14
BEFORE, AFTER = timedelta(minutes=5), timedelta(minutes=1)


@at_init("BUS")
def bus() -> "EventBridgeClient":
    made: EventBridgeClient = connect("events", seconds=5)
    return made


def handler(event: Mapping[str, Any], context: object) -> None:
    """Publishes the outbox rows of a batch of the table's stream.

    Raises unless every event was published. The whole batch then comes again.
    """
    rows = [record["dynamodb"]["NewImage"] for record in event["Records"] if _is_outbox(record)]
    with invocation("relay", rows=len(rows)):
        publish([text for row in rows for text in items.unpack(row)["events"]])


def republish(event: Mapping[str, Any], context: object) -> None:
    """Publishes the outbox rows again of each time range that the stream mapping has given up on.

    A failure message says when the lost records arrived, and not which they were. A row's bucket follows
    from the clock of its writer, so the range is widened by BEFORE and AFTER.
    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    for record in event["Records"]:
        lost = json.loads(record["body"])["DDBStreamBatchInfo"]
        first = datetime.fromisoformat(lost["approximateArrivalOfFirstRecord"])
        last = datetime.fromisoformat(lost["approximateArrivalOfLastRecord"])
        with invocation("republish", first=first.isoformat(), last=last.isoformat()):
            publish([text for row in buckets.rows(first - BEFORE, last + AFTER) for text in row["events"]])


def publish(envelopes: Sequence[str]) -> None:
    """Puts the events on the bus in order. Raises Unpublished when the bus did not take all of them."""
    for chunk in _chunks([_entry(text) for text in envelopes]):
        _put(chunk)


def _is_outbox(record: Mapping[str, Any]) -> bool:
    image = record["dynamodb"].get("NewImage", {})
    return bool(record["eventName"] == "INSERT" and image.get("kind") == {"S": "outbox"})


def _entry(text: str) -> dict[str, Any]:
    envelope = json.loads(text)
    return {
        "EventBusName": os.environ["BUS"],
        "Source": envelope["source"],
        "DetailType": envelope["type"],
        "Time": datetime.fromisoformat(envelope["time"]),
        "Detail": text,
    }


def _size(entry: Mapping[str, Any]) -> int:
    return ENTRY_OVERHEAD + sum(len(entry[part].encode()) for part in ("Source", "DetailType", "Detail"))


def _chunks(entries: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for entry in entries:
        full = len(chunk) == MOST_ENTRIES or sum(map(_size, [*chunk, entry])) > MOST_BYTES
        if chunk and full:
            yield chunk
            chunk = []
        chunk.append(entry)
    if chunk:
        yield chunk


def _put(entries: list[Any]) -> None:
    """PutEvents fails per entry inside a 200: only the entries that failed are sent again."""
    for _ in attempts(ATTEMPTS, longest=0.1):
        answer = bus().put_events(Entries=entries)
        entries = [
            entry for entry, result in zip(entries, answer["Entries"], strict=True) if "ErrorCode" in result
        ]
        if not entries:
            return
    raise Unpublished(count=len(entries))
