"""The ledger: streams of commits in payments' table. A commit is one item, appended once and never changed.

The newest commit of a stream has the state after it, so loading is one read at any length. Commits that make
something public are rows of the outbox as well: the relay publishes their events. No commit expires.

A stream's first commit stands at the key at which the release before the ledger kept a record of the payment.
So functions of both releases may run at once: what either writes first, the other finds. Such a record is the
first commit of its stream, brought forward when it is read, and closed to the release before with the next.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from kernel import identity
from kernel.errors import ConditionFailed, Contended
from kernel.events import Event
from kernel.retries import attempts
from kernel.table import buckets, items, outbox, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write
from kernel.triggers.observability import count
from payments import commits, entries
from payments.commits import Commit
from payments.entries import Entries, Entry
from payments.seals import Sealed

State = TypeVar("State")
ATTEMPTS = 5
# A stored state is folded again from all entries once in so many loads, and more seldom in long streams: each
# load costs one more read on average, at most.
TRUSTED = 64
CLOSED = "CLOSED"
# The index of commits is behind the ledger for moments. A function that appends ends within half a minute of
# the time that it records, and AWS takes no request that was signed so long ago.
LATE = timedelta(minutes=15)


@dataclass(frozen=True)
class Stream(Generic[State]):
    """A kind of stream: the shape of its state, how entries change it, and what an entry makes public.

    `fold` is the version of all that: a state that another version stored is folded again. `brought` gives
    the entries that a record of the release before stands for. `correlation` is that of the events.
    """

    kind: str
    shape: type[State]
    fold: int
    initial: Callable[[str], State]
    evolve: Callable[[State, Entry], State]
    facts: Callable[[State, Entry], Sequence[Event]]
    brought: Callable[[Item], Entries] = lambda record: ()
    correlation: Callable[[str], str] = lambda id: id

    @cached_property
    def states(self) -> TypeAdapter[State]:
        """Writes and reads a state as JSON."""
        return TypeAdapter(self.shape)


@dataclass(frozen=True)
class Head(Generic[State]):
    """A stream as far as it was read: the state, and the counts and the digest of its last commit.

    `version` counts commits, `sequence` the events published. `record` is a record of the release before that
    was read in the place of the first commit.
    """

    id: str
    state: State
    version: int = 0
    sequence: int = 0
    recorded_at: str = ""
    digest: str = ""
    record: Item | None = None


def load(stream: Stream[State], id: str) -> Head[State]:
    """The stream as it is now, or its initial state. One read, however many commits there are."""
    newest: Item = {"ScanIndexForward": False, "Limit": 1, "PaginationConfig": {"MaxItems": 1}}
    found = next(_items(stream, id, **newest), None)
    return _head(stream, id, found) if found else Head(id, stream.initial(id))


def record(
    stream: Stream[State],
    head: Head[State],
    *,
    decide: Callable[[State], Entries],
    cause: str,
    beside: Sequence[Write] = (),
) -> Head[State]:
    """Appends what `decide` answers for the state, and gives the stream as it then stands.

    The writes `beside` are made together with the commit, or not at all. When somebody else wrote first,
    their commit comes back, and `decide` decides again on the state after it. A decision without entries
    writes nothing. Raises Contended in the end, and what `decide` raises.
    """
    for _ in attempts(ATTEMPTS):
        after, writes = drafted(stream, head, decided=decide(head.state), cause=cause)
        if not writes:
            return head
        try:
            append([*writes, *beside])
        except ConditionFailed as failed:
            found = failed.old.get(0)
            head = _head(stream, head.id, dict(found)) if found else load(stream, head.id)
        else:
            return after
    raise Contended


def append(appended: Sequence[Write]) -> None:
    """Writes one commit, or commits and rows beside them in one transaction. Raises as these do."""
    if len(appended) == 1:
        writes.update(appended[0])  # a transaction of one write would cost twice as much
    else:
        writes.transact(appended)


def drafted(
    stream: Stream[State], head: Head[State], *, decided: Entries, cause: str
) -> tuple[Head[State], list[Write]]:
    """The stream after a commit of the entries, and the writes that append the commit, which is the first.

    Without entries there is nothing to write.
    """
    if not decided:
        return head, []
    state, facts = _applied(stream, head.state, decided)
    version, sequence = head.version + 1, head.sequence + len(facts)
    recorded_at = max(buckets.stamp(identity.now()), head.recorded_at)
    commit = Commit(
        pk=_pk(stream, head.id),
        version=version,
        sequence=sequence,
        entries=entries.dumped(decided),
        events=_sealed(stream, head, facts, cause),
        state=stream.states.dump_json(state, exclude_defaults=True).decode(),
        fold=stream.fold,
        cause=cause,
        recorded_at=recorded_at,
        effective_at=recorded_at,
    )
    digest = commit.digest(after=head.digest)
    row = {name: value for name, value in commits.row(commit, digest).items() if name != "pk"}
    appended = Write(_key(stream, head.id, version), sets=row, condition="attribute_not_exists(#pk)")
    return Head(head.id, state, version, sequence, recorded_at, digest), [appended, *_closing(stream, head)]


def history(stream: Stream[State], id: str) -> Iterator[tuple[Item, Entries]]:
    """Every commit of the stream, as its item and its entries in their newest shape, oldest first."""
    for item in _items(stream, id):
        yield item, _entries(stream, item)


def recorded(since: datetime, until: datetime) -> Iterator[Sealed]:
    """The commits of all streams that were recorded between the two, by an index.

    The index follows within moments: the newest may be missing.
    """
    for entry in buckets.commits(since, until, index="commits"):
        yield Sealed(entry["pk"], entry["sk"], entry["moment"].partition("#")[2])


def stored(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Item]:
    """The items at these keys, read consistently. A key at which nothing stands is left out."""
    wanted = ({"pk": pk, "sk": sk} for pk, sk in keys)
    return {(item["pk"], item["sk"]): item for item in items.load_all(wanted, consistent=True)}


def tail(stream: Stream[State], id: str, *, version: int) -> Iterator[Item]:
    """The items of the stream from a version on, in order."""
    binds = _key(stream, id, version)
    return items.query("#pk = :pk AND #sk >= :sk", dict(binds), ConsistentRead=True)


def after(stream: Stream[State], state: State, *, item: Mapping[str, Any]) -> State:
    """The state after the entries of a stored item. Raises as the stream's `evolve`, and UnknownEntry."""
    return _applied(stream, state, _entries(stream, dict(item)))[0]


def _head(stream: Stream[State], id: str, item: Item) -> Head[State]:
    if not commits.is_commit(item):
        state, _ = _applied(stream, stream.initial(id), stream.brought(item))
        return Head(id, state, version=1, sequence=item["sequence"], record=item)
    commit, digest = commits.read(item)
    state = _state(stream, id, commit)
    return Head(id, state, commit.version, commit.sequence, commit.recorded_at, digest)


def _state(stream: Stream[State], id: str, commit: Commit) -> State:
    """The state after the commit: as it is stored, or folded again, when another fold stored it."""
    if commit.fold != stream.fold:
        return _folded(stream, id, by=commit.version)
    stored = stream.states.validate_json(commit.state)
    checked = f"{commit.pk}#{commit.version}#{identity.now().isoformat()}"
    if zlib.crc32(checked.encode()) % (TRUSTED + commit.version):
        return stored
    state = _folded(stream, id, by=commit.version)
    if state != stored:
        count("StoredStateDiffers")
    return state


def _folded(stream: Stream[State], id: str, *, by: int) -> State:
    """The state after commit `by`, from the entries of all commits until then."""
    state = stream.initial(id)
    for item, decided in history(stream, id):
        if not commits.is_commit(item) or item["version"] <= by:
            state, _ = _applied(stream, state, decided)
    return state


def _applied(stream: Stream[State], state: State, decided: Entries) -> tuple[State, list[Event]]:
    """The state after the entries, and what they make public."""
    facts = list[Event]()
    for entry in decided:
        facts += stream.facts(state, entry)
        state = stream.evolve(state, entry)
    return state, facts


def _sealed(stream: Stream[State], head: Head[State], facts: Sequence[Event], cause: str) -> list[str]:
    subject = f"{stream.kind}/{head.id}"
    return outbox.sealed(
        facts, subject=subject, correlation=stream.correlation(head.id), after=head.sequence, cause=cause
    )


def _closing(stream: Stream[State], head: Head[State]) -> list[Write]:
    """Closes a record of the release before, whose functions then cannot read it, and fail until they end.

    A function of that release that has read the record already writes it only while its version is the same.
    """
    if head.record is None:
        return []
    read = {"loaded": head.record["sequence"], "was": head.record["status"]}
    closed = {"status": CLOSED, "status_before": head.record["status"]}
    return [
        Write(
            _key(stream, head.id, 1),
            sets=closed,
            adds={"version": 1},
            condition="#sequence = :loaded AND #status = :was",
            binds=read,
        )
    ]


def _entries(stream: Stream[State], item: Item) -> Entries:
    return entries.loaded(item["entries"]) if commits.is_commit(item) else stream.brought(item)


def _items(stream: Stream[State], id: str, **options: Any) -> Iterator[Item]:
    return items.query("#pk = :pk", {"pk": _pk(stream, id)}, ConsistentRead=True, **options)


def _pk(stream: Stream[State], id: str) -> str:
    return f"{stream.kind}#{id}"


def _key(stream: Stream[State], id: str, version: int) -> Key:
    return {"pk": _pk(stream, id), "sk": stream.kind if version == 1 else f"{stream.kind}#{version:010}"}
