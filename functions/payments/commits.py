"""A commit: one item of the ledger, with what it says, the digest that chains it, and its place in time."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kernel.table import buckets


@dataclass(frozen=True)
class Commit:
    """What one append to a stream says. `entries` and `state` are JSON as it is stored, `events` are sealed.

    `version` counts the commits of the stream `pk`, `sequence` its events, this commit's included. `fold` is
    the version of the fold that made `state`. Both times are RFC 3339, UTC, to the microsecond:
    `recorded_at` never precedes that of the commit before, and `effective_at` is when the money moved.
    """

    pk: str
    version: int
    sequence: int
    entries: str
    events: Sequence[str]
    state: str
    fold: int
    cause: str
    recorded_at: str
    effective_at: str

    def digest(self, *, after: str) -> str:
        """The hash over all that the commit says and over the digest of the commit before (SHA-256, hex)."""
        said = json.dumps([after, *asdict(self).values()], separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()


def row(commit: Commit, digest: str) -> dict[str, Any]:
    """The attributes of the commit's item beside its sort key. `hour` and `moment` place it in the index.

    A commit with events is of the kind `outbox`, which the relay publishes.
    """
    said = {name: value for name, value in asdict(commit).items() if name not in ("pk", "recorded_at")}
    if commit.effective_at == commit.recorded_at:
        del said["effective_at"]
    return {
        **said,
        "events": list(commit.events),
        "kind": "outbox" if commit.events else "commit",
        "hour": buckets.hour_of(commit.pk, commit.recorded_at),
        "moment": f"{commit.recorded_at}#{digest}",
    }


def read(item: Mapping[str, Any]) -> tuple[Commit, str]:
    """The commit that an item holds, and its digest. The item must be a commit."""
    recorded_at, _, digest = item["moment"].partition("#")
    said = {name: item[name] for name in ("pk", "version", "sequence", "entries", "state", "fold", "cause")}
    effective_at = item.get("effective_at", recorded_at)
    events = tuple(item["events"])
    return Commit(**said, events=events, recorded_at=recorded_at, effective_at=effective_at), digest


def is_commit(item: Mapping[str, Any]) -> bool:
    """Whether the item is a commit, and not a record of the release before the ledger."""
    return "moment" in item
