"""The dead-letter queues, and operations' table of `audit#<day>` rows, which never expire."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from kernel import identity
from kernel.aws import at_init, connect
from kernel.errors import ConditionFailed, KeyReused
from kernel.table import inbox, items, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write
from operations import domain
from operations.domain import Action, ActionResult, DeadLetters, Letter, Range

MOST_LOOKED_AT, LOOKED_AT_SECONDS = 10, 5
MOST_MOVED, MOVED_SECONDS = 100, 60
PATIENCE = timedelta(seconds=15)
WAIT_SECONDS = 1  # a receive that does not wait asks some of SQS's servers only, and may find nothing
MOST_AT_ONCE = 10
UNSAID = ("pk", "sk")


@at_init("DEAD_LETTERS")
def queues() -> Any:
    return connect("sqs", seconds=5)


def dead_letters() -> dict[str, DeadLetters]:
    """Every dead-letter queue of Settle, by what it serves."""
    address, known = os.environ["QUEUES"], json.loads(os.environ["DEAD_LETTERS"])
    return {
        serves: DeadLetters(serves, *(address + name for name in names)) for serves, names in known.items()
    }


def waiting(letters: DeadLetters) -> int:
    """About how many letters wait in the queue. Letters being looked at or moved are not counted."""
    name = "ApproximateNumberOfMessages"
    found = queues().get_queue_attributes(QueueUrl=letters.url, AttributeNames=[name])
    return int(found["Attributes"][name])


def look(letters: DeadLetters) -> list[Letter]:
    """Up to ten letters. They stay in the queue, and are hidden from others for some seconds."""
    found = _received(letters.url, most=MOST_LOOKED_AT, hidden=LOOKED_AT_SECONDS)
    return list({message["MessageId"]: _letter(message) for message in found}.values())


def redrive(letters: DeadLetters) -> ActionResult:
    """Sends each letter back to the queue that it came from, then deletes it: each moves at least once.

    Ends after a hundred letters, or after PATIENCE. The letters that are left wait for another request.
    """
    moved, until = 0, identity.now() + PATIENCE
    for message in _received(letters.url, most=MOST_MOVED, hidden=MOVED_SECONDS):
        queues().send_message(QueueUrl=letters.redrives_to, MessageBody=message["Body"])
        queues().delete_message(QueueUrl=letters.url, ReceiptHandle=message["ReceiptHandle"])
        moved += 1
        if identity.now() >= until:
            break
    return {"moved": moved, "left": waiting(letters)}


def republish(service: str, outbox: DeadLetters, *, ranges: Sequence[Range]) -> ActionResult:
    """Sends the ranges to the service's republisher, in messages like those of its table's stream."""
    for each in ranges:
        queues().send_message(QueueUrl=outbox.redrives_to, MessageBody=_lost(each))
    return {"service": service, "pieces": len(ranges)}


def outcome(action: Action) -> ActionResult | None:
    """The recorded outcome of the action, or None. Raises KeyReused."""
    first = items.load(_first(action).key)
    if first is None:
        return None
    row = items.load(_key(_begun(first, action), action)) or {}
    return row.get("outcome")


def intend(action: Action) -> str:
    """Puts the action on record, once, before it is done. Answers the time of that. Raises KeyReused."""
    first = _first(action)
    begun = str(first.sets["seen_at"])
    said = asdict(action)
    del said["fingerprint"]
    try:
        writes.transact([first, Write(_key(begun, action), sets={"at": begun, **said})])
    except ConditionFailed as failed:
        return _begun(failed.old[0], action)
    return begun


def conclude(action: Action, came: ActionResult, *, begun: str) -> ActionResult:
    """Puts the outcome on record, unless an outcome is there already; answers the recorded outcome."""
    done = Write(
        _key(begun, action),
        sets={"outcome": came, "done_at": identity.now().isoformat()},
        condition="attribute_not_exists(#outcome)",
    )
    try:
        writes.update(done)
    except ConditionFailed as failed:
        recorded: ActionResult = failed.old[0]["outcome"]
        return recorded
    return came


def audit(day: str) -> Iterator[Item]:
    """The actions begun on that day (UTC), oldest first; an action that died half way has no outcome."""
    for row in items.query("#pk = :pk", {"pk": f"audit#{day}"}, ConsistentRead=True):
        yield {"outcome": None} | {name: value for name, value in row.items() if name not in UNSAID}


def _received(url: str, *, most: int, hidden: int) -> Iterator[dict[str, Any]]:
    """Messages, one by one, until a receive finds none or there were `most`."""
    while most > 0:
        found = queues().receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(MOST_AT_ONCE, most),
            VisibilityTimeout=hidden,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
        )
        messages = found.get("Messages", [])
        if not messages:
            return
        most -= len(messages)
        yield from messages


def _letter(message: dict[str, Any]) -> Letter:
    said = message["Attributes"]
    sent, received = int(said["SentTimestamp"]), int(said["ApproximateReceiveCount"])
    return domain.letter(message["MessageId"], message["Body"], sent=sent, received=received)


def _lost(given: Range) -> str:
    """The part of a stream's failure message that `kernel.triggers.relay.republish` reads."""
    first, last = (moment.isoformat() for moment in given)
    arrived = {"approximateArrivalOfFirstRecord": first, "approximateArrivalOfLastRecord": last}
    return json.dumps({"DDBStreamBatchInfo": arrived})


def _first(action: Action) -> Write:
    """The write that remembers the action's id, and when the action began, which is in its row's key."""
    return inbox.once("operations", action.id, fingerprint=action.fingerprint)


def _begun(first: Mapping[str, Any], action: Action) -> str:
    if first["fingerprint"] != action.fingerprint:
        raise KeyReused
    return str(first["seen_at"])


def _key(begun: str, action: Action) -> Key:
    return {"pk": f"audit#{begun[:10]}", "sk": f"{begun}#{action.id}"}
