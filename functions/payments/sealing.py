"""The sealer: every minute, it seals the commits that no seal has yet."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from kernel import identity
from kernel.table import buckets
from kernel.triggers.schedules import scheduled
from payments import audits, ledger, seals, vault
from payments.seals import Seal, Sealed

# How much of a backlog is sealed at once, and how far back the first seal ever looks.
WINDOW, FIRST = timedelta(hours=1), timedelta(days=1)
# By how much the clocks of the audit and of the sealer may differ, and a run of the sealer last: a straggler
# that was found so long after the recent seals begin is in one of them, if it was sealed.
SKEW = timedelta(minutes=5)
# A seal is one item of at most 400 KB, and a commit takes about 130 bytes of it.
MOST = 2_000


@scheduled(minutes=1)
def seal(line: dict[str, Any]) -> None:
    """Seals the new commits; after an outage, an hour after the other."""
    now, line["sealed"] = identity.now(), 0
    while until := _seal_window(now, line):
        if until >= now:
            break


def _seal_window(now: datetime, line: dict[str, Any]) -> datetime | None:
    """Seals what was recorded since the last seal. Answers until when, or None with nothing to seal.

    Raises Contended when another run was first.
    """
    newest = vault.newest()
    last = next(newest, None)
    covered = datetime.fromisoformat(last.until) if last else now - FIRST
    since, until = covered - ledger.LATE, min(now, covered + WINDOW) if last else now
    new = _unsealed(since, until, [*([last] if last else []), *_recent(newest, since)])
    line["sealed"] += len(new)
    if last and not new and f"{covered:%H}" == f"{until:%H}":
        return None  # a quiet hour has one seal, which shows that the sealer is alive
    chunks = [new[place : place + MOST] for place in range(0, len(new), MOST)] or [[]]
    for place, commits in enumerate(chunks, start=1):
        reached = until if place == len(chunks) else covered
        last = seals.following(last, commits, sealed_at=buckets.stamp(now), until=buckets.stamp(reached))
        vault.add(last)
    return until


def _unsealed(since: datetime, until: datetime, recent: list[Seal]) -> list[Sealed]:
    """The commits of the window that no recent seal has, and the stragglers that the audit has found."""
    known = {sealed for seal in recent for sealed in seal.commits}
    found = {*ledger.recorded(since, until), *audits.stragglers(since + SKEW)}
    return sorted(found - known)


def _recent(newest: Iterator[Seal], since: datetime) -> list[Seal]:
    """The seals that may hold a commit of the window: none is sealed before it is recorded."""
    return [*takewhile(lambda one: one.sealed_at >= buckets.stamp(since), newest)]
