"""What an operator may ask for: letters without their data, and ranges of an outbox, cut into pieces."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.errors import InvalidRequest, NotFound, Refusal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHOWN = ("type", "source", "subject", "sequence", "id", "correlationid", "time")
LONGEST_RANGE = timedelta(days=1)
KEPT = timedelta(days=30)  # as long as outbox rows live
PIECE = timedelta(minutes=15)

Range = tuple[datetime, datetime]
ActionResult = Mapping[str, Any]


class NothingToRedriveTo(Refusal):
    """A schedule's dead letters came from no queue: its next run was the retry."""


@dataclass(frozen=True)
class DeadLetters:
    """A dead-letter queue: what it serves, its URL, and the URL of the queue that its letters go back to."""

    serves: str
    url: str
    redrives_to: str = ""


@dataclass(frozen=True)
class Action:
    """Who does what on what, and why. `given` holds the further inputs.

    `id` follows from who and the Idempotency-Key, `fingerprint` from the request.
    """

    id: str
    fingerprint: str
    who: str
    what: str
    on: str
    why: str
    given: Mapping[str, str]


@dataclass(frozen=True)
class Letter:
    """One dead letter as an operator sees it: never the data of its event."""

    id: str
    sent_at: str
    received: int
    event: Mapping[str, str | int]


def letter(id: str, body: str, *, sent: int, received: int) -> Letter:
    """The letter of an SQS message; `sent` in milliseconds since 1970."""
    sent_at = EPOCH + timedelta(milliseconds=sent)
    return Letter(id, sent_at.isoformat(timespec="milliseconds"), received, _about(body))


def redrivable(letters: DeadLetters | None) -> DeadLetters:
    """The queue, when its letters have a queue to go back to. Raises NotFound, NothingToRedriveTo."""
    if letters is None:
        raise NotFound
    if not letters.redrives_to:
        raise NothingToRedriveTo
    return letters


def pieces(first: datetime, last: datetime, *, now: datetime) -> list[Range]:
    """The range in UTC, cut into pieces of a size that one run can publish. Raises InvalidRequest."""
    if not now - KEPT <= first <= last <= now or last - first > LONGEST_RANGE:
        raise InvalidRequest("first and last must lie within the last 30 days, in order, at most a day apart")
    start, end = first.astimezone(UTC), last.astimezone(UTC)
    count = max(1, -((start - end) // PIECE))
    starts = [start + place * PIECE for place in range(count)]
    return [(each, min(each + PIECE, end)) for each in starts]


def _about(body: str) -> dict[str, str | int]:
    """The attributes SHOWN of the event in an EventBridge message; nothing for another message."""
    try:
        event = json.loads(body)["detail"]
        return {name: event[name] for name in SHOWN if isinstance(event.get(name), str | int)}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}
