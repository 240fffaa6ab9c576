"""The rows of the audit in payments' table: how far it has looked, and the stragglers that it has found.

A straggler is a commit that stood in no seal a day after it was recorded. The sealer reads these rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel import identity
from kernel.table import buckets, items, writes
from kernel.table.items import Key
from kernel.table.writes import Write
from payments.seals import Sealed

LOOKED: Key = {"pk": "audit", "sk": "audit"}
STRAGGLERS = "straggler"
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Looked:
    """Until when commits were compared with seals, and the number of the last seal that was checked."""

    until: datetime
    seal: int


def looked() -> Looked | None:
    item = items.load(LOOKED)
    return Looked(datetime.fromisoformat(item["until"]), item["seal"]) if item else None


def remember(looked: Looked) -> None:
    writes.update(Write(LOOKED, sets={"until": buckets.stamp(looked.until), "seal": looked.seal}))


def note(found: Sealed) -> None:
    """Notes a straggler, for the sealer to seal. Noted again, it counts from the later time."""
    now = identity.now()
    said = {"digest": found.digest, "at": buckets.stamp(now), "expires_at": int((now + KEPT).timestamp())}
    writes.update(Write({"pk": STRAGGLERS, "sk": f"{found.pk} {found.sk}"}, sets=said))


def stragglers(since: datetime) -> Iterator[Sealed]:
    """The stragglers that were noted since then."""
    for item in items.query("#pk = :pk", {"pk": STRAGGLERS}, ConsistentRead=True):
        if item["at"] >= buckets.stamp(since):
            pk, _, sk = item["sk"].partition(" ")
            yield Sealed(pk, sk, item["digest"])
