"""What can be wrong with seals and with the commits that they name: each difference has a name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from kernel.errors import Fault
from payments import chart, commits, entries, ledger
from payments.ledger import State, Stream
from payments.seals import Seal

Item = Mapping[str, Any]


class Finding(NamedTuple):
    """Something is not as it was sealed: `about` which stream or seal, and what is wrong with it."""

    about: str
    what: str


def of_seal(before: Seal | None, seal: Seal, *, digest: str) -> Iterator[Finding]:
    """What is wrong with a seal behind the seal before it; `digest` is the one stored beside the seal."""
    number = before.number if before else 0
    for missing in range(number + 1, seal.number):
        yield Finding(f"seal {missing}", "is missing")
    if seal.digest() != digest:
        yield Finding(f"seal {seal.number}", "is not what its digest says")
    if seal.number == number + 1 and seal.previous != (before.digest() if before else ""):
        yield Finding(f"seal {number}", "is not the seal that the next one names")


def of_stream(
    stream: Stream[State], id: str, *, sealed: Mapping[str, str], found: Sequence[Item]
) -> Iterator[Finding]:
    """What is wrong with a stream: `sealed` are digests by sort key, `found` its items from there on.

    `found` begins one commit before the first that is sealed, and ends with the newest.
    """
    about, stored = f"{stream.kind}#{id}", {item["sk"]: item for item in found}
    if not stored:
        yield Finding(about, "is gone, the whole stream")
        return
    for sk, digest in sealed.items():
        item = stored.get(sk)
        if item is None:
            yield Finding(about, f"{sk} is gone")
        elif not commits.is_commit(item) or commits.read(item)[1] != digest:
            yield Finding(about, f"{sk} is not what was sealed")
    before: Item | None = None
    for item in found:
        if commits.is_commit(item):
            yield from _of_commit(stream, id, before=before, item=item)
        before = item


def _of_commit(stream: Stream[State], id: str, *, before: Item | None, item: Item) -> Iterator[Finding]:
    about, sk = f"{stream.kind}#{id}", item["sk"]
    commit, digest = commits.read(item)
    if before is None and commit.version > 1:
        return  # the one before the first that was sealed: its own predecessor was not read
    is_chained = before is not None and commits.is_commit(before)
    last, after = commits.read(before) if before is not None and is_chained else (None, "")
    if commit.version != (last.version if last else int(before is not None)) + 1:
        yield Finding(about, f"{sk} does not follow on the commit before")
        return
    if commit.digest(after=after) != digest:
        yield Finding(about, f"{sk} is not what its digest says")
    if last and commit.recorded_at < last.recorded_at:
        yield Finding(about, f"{sk} was recorded before the commit before")
    yield from _of_state(stream, id, before=before, item=item)


def _of_state(stream: Stream[State], id: str, *, before: Item | None, item: Item) -> Iterator[Finding]:
    """The stored state must be the state stored before, with the entries applied."""
    about, sk = f"{stream.kind}#{id}", item["sk"]
    try:
        for entry in entries.loaded(item["entries"]):
            for posting in entry.postings:
                chart.check(posting)
        state = stream.initial(id)
        if before is not None and commits.is_commit(before):
            if before["fold"] != stream.fold:
                return  # another fold's opinion: a load folds it again
            state = stream.states.validate_json(before["state"])
        elif before is not None:
            state = ledger.after(stream, state, item=before)
        stored = stream.states.validate_json(item["state"])
        if item["fold"] == stream.fold and ledger.after(stream, state, item=item) != stored:
            yield Finding(about, f"{sk} has another state than its entries give")
    except (Fault, ValidationError, ValueError) as error:
        yield Finding(about, f"{sk} cannot be read: {type(error).__name__}")
