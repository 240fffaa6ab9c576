"""The transactional outbox: state and the events about it are committed together or not at all."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from kernel import identity
from kernel.errors import ConditionFailed, Contended, EventTooLarge
from kernel.events import Event, seal
from kernel.retries import attempts
from kernel.table import writes
from kernel.table.buckets import bucket_of
from kernel.table.items import Item, Key
from kernel.table.writes import Write

Result = TypeVar("Result")

ATTEMPTS = 4
KEPT = timedelta(days=30)
LARGEST_EVENT = 256 * 1024
LARGEST_ROW = 380 * 1024  # DynamoDB allows 400 KB for an item, its other attributes included


@dataclass(frozen=True)
class Aggregate:
    """A record that publishes events: its key, the attributes to set, and its sequence when it was loaded.

    `sequence` counts the events published so far; 0 means that the record does not exist yet. Attributes
    that are named neither in `sets` nor in `removes` stay as they are.
    """

    key: Key
    subject: str
    correlation: str
    sequence: int
    sets: Item
    removes: Sequence[str] = ()


def commit(aggregate: Aggregate, facts: Sequence[Event], *, cause: str, beside: Sequence[Write] = ()) -> None:
    """Writes the aggregate, its facts and the writes of `beside` in one transaction.

    Without facts nothing is written. Raises Contended when the aggregate has changed since it was loaded,
    ConditionFailed with the places in `beside` whose condition did not hold, and EventTooLarge.
    """
    if not facts:
        return
    envelopes = _seal(aggregate, facts, cause)
    try:
        writes.transact([*beside, _guarded(aggregate, len(facts))], puts=[_row(aggregate, envelopes)])
    except ConditionFailed as failed:
        if len(beside) in failed.old:
            raise Contended from failed
        raise


def persist(use_case: Callable[[], Result]) -> Result:
    """Runs a use case (load, decide, save), and runs it again when somebody else wrote first.

    For callers that wait for the result. Raises Contended after the last of ATTEMPTS runs.
    """
    last = Contended()
    for _ in attempts(ATTEMPTS):
        try:
            return use_case()
        except Contended as contended:
            last = contended
    raise last


def _seal(aggregate: Aggregate, facts: Sequence[Event], cause: str) -> list[str]:
    source = f"settle.{os.environ['SERVICE']}"
    envelopes = [
        seal(
            fact,
            source=source,
            subject=aggregate.subject,
            sequence=sequence,
            correlation=aggregate.correlation,
            cause=cause,
        ).model_dump_json()
        for sequence, fact in enumerate(facts, start=aggregate.sequence + 1)
    ]
    sizes = [len(text.encode()) for text in envelopes]
    if max(sizes) > LARGEST_EVENT or sum(sizes) > LARGEST_ROW:
        raise EventTooLarge(types=[type(fact).__name__ for fact in facts], bytes=sizes)
    return envelopes


def _guarded(aggregate: Aggregate, published: int) -> Write:
    fresh = aggregate.sequence == 0
    return Write(
        key=aggregate.key,
        sets={**aggregate.sets, "sequence": aggregate.sequence + published},
        removes=aggregate.removes,
        condition="attribute_not_exists(#sequence)" if fresh else "#sequence = :loaded",
        binds={} if fresh else {"loaded": aggregate.sequence},
    )


def _row(aggregate: Aggregate, envelopes: Sequence[str]) -> Item:
    moment = identity.now()
    return {
        "pk": bucket_of(aggregate.subject, moment),
        "sk": f"{aggregate.subject}#{aggregate.sequence + 1:010}",
        "kind": "outbox",
        "events": list(envelopes),
        "expires_at": int((moment + KEPT).timestamp()),
    }
