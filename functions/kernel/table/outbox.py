"""The transactional outbox: state and the events about it are committed together or not at all."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from kernel import identity
from kernel.errors import ConditionFailed, Contended, EventTooLarge
from kernel.events import Decision, Event, seal
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
    """A record that publishes events: its key, the attributes to set, and its two counts when it was loaded.

    `version` counts the writes of the record, `sequence` the events published about it; both are 0 when there
    is no record yet. A record that the release before wrote has no version, which is loaded as 0. Attributes
    that are named neither in `sets` nor in `removes` stay as they are.
    """

    key: Key
    subject: str
    correlation: str
    version: int
    sequence: int
    sets: Item
    removes: Sequence[str] = ()


def commit(
    aggregate: Aggregate, decision: Decision[Any], *, cause: str, beside: Sequence[Write] = ()
) -> Aggregate:
    """Writes the aggregate, the decision's facts and the writes of `beside`, all or none.

    Answers the aggregate as it then stands. A decision that is not new writes nothing. Raises Contended when
    the record has changed since it was loaded, ConditionFailed with the places in `beside` whose condition
    did not hold, and EventTooLarge.
    """
    if not decision.is_new:
        return aggregate
    facts = decision.facts
    guarded = _guarded(aggregate, len(facts))
    subject, known = aggregate.subject, aggregate.sequence
    envelopes = sealed(facts, subject=subject, correlation=aggregate.correlation, after=known, cause=cause)
    rows = [_row(aggregate, envelopes)] if facts else []
    try:
        if beside or rows:
            writes.transact([*beside, guarded], puts=rows)
        else:
            writes.update(guarded)  # a transaction of one write would cost twice as much
    except ConditionFailed as failed:
        if len(beside) in failed.old:
            raise Contended from failed
        raise
    return replace(aggregate, version=aggregate.version + 1, sequence=aggregate.sequence + len(facts))


def revise(aggregate: Aggregate) -> None:
    """Writes the aggregate alone, and publishes nothing. Raises Contended when the record has changed."""
    commit(aggregate, Decision(aggregate, unpublished=True), cause="")


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


def sealed(facts: Sequence[Event], *, subject: str, correlation: str, after: int, cause: str) -> list[str]:
    """The facts in their envelopes, as the relay publishes them. The first has the number `after` + 1.

    Raises EventTooLarge.
    """
    source = f"settle.{os.environ['SERVICE']}"
    envelopes = [
        seal(
            fact, source=source, subject=subject, sequence=sequence, correlation=correlation, cause=cause
        ).model_dump_json()
        for sequence, fact in enumerate(facts, start=after + 1)
    ]
    sizes = [len(text.encode()) for text in envelopes]
    if max(sizes, default=0) > LARGEST_EVENT or sum(sizes) > LARGEST_ROW:
        raise EventTooLarge(types=[type(fact).__name__ for fact in facts], bytes=sizes)
    return envelopes


def _guarded(aggregate: Aggregate, published: int) -> Write:
    condition, binds = _unchanged(aggregate)
    counts = {"version": aggregate.version + 1, "sequence": aggregate.sequence + published}
    return Write(
        key=aggregate.key,
        sets={**aggregate.sets, **counts},
        removes=aggregate.removes,
        condition=condition,
        binds=binds,
    )


def _unchanged(aggregate: Aggregate) -> tuple[str, Item]:
    """The condition that nobody has written the record since it was loaded, and the values in it.

    The release before raises `sequence` with each write that matters, and leaves `version` alone. So both are
    compared, and a record always has a `sequence`: that release takes a record without it for none.
    """
    counted = {"loaded": aggregate.version, "published": aggregate.sequence}
    if aggregate.version:
        return "#version = :loaded AND #sequence = :published", counted
    if aggregate.sequence:
        return "attribute_not_exists(#version) AND #sequence = :published", {"published": aggregate.sequence}
    return "attribute_not_exists(#sequence)", {}


def _row(aggregate: Aggregate, envelopes: Sequence[str]) -> Item:
    moment = identity.now()
    return {
        "pk": bucket_of(aggregate.subject, moment),
        "sk": f"{aggregate.subject}#{aggregate.sequence + 1:010}",
        "kind": "outbox",
        "events": list(envelopes),
        "expires_at": int((moment + KEPT).timestamp()),
    }
