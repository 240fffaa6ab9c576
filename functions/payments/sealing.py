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
    """Seals the new commits; after an outage, an hour after the other.

    Raises Contended when another run was first.
    """
    now, newest, line["sealed"] = identity.now(), vault.newest(), 0
    last = next(newest, None)
    since = _covered(last, now) - ledger.LATE
    known = {sealed for one in _recent(last, newest, since) for sealed in one.commits}
    late = {*audits.stragglers(since + SKEW)}
    while (covered := _covered(last, now)) < now:
        until = min(now, covered + WINDOW) if last else now
        found = {*ledger.recorded(covered - ledger.LATE, until), *late}
        new = sorted(found - known)
        if last and not new and f"{covered:%H}" == f"{until:%H}":
            return  # a quiet hour has one seal, which shows that the sealer is alive
        last = _added(last, new, now, until)
        known.update(new)
        line["sealed"] += len(new)


def _covered(last: Seal | None, now: datetime) -> datetime:
    return datetime.fromisoformat(last.until) if last else now - FIRST


def _recent(last: Seal | None, earlier: Iterator[Seal], since: datetime) -> list[Seal]:
    """The seals that may hold a commit recorded since then: none is sealed before it is recorded."""
    recent = takewhile(lambda one: one.sealed_at >= buckets.stamp(since), earlier)
    return [last, *recent] if last else []


def _added(last: Seal | None, new: list[Sealed], now: datetime, until: datetime) -> Seal:
    """Adds the commits to the vault, in several seals if they are many. Answers the last seal."""
    covered, left = _covered(last, now), new
    while True:
        chunk, left = left[:MOST], left[MOST:]
        reached = covered if left else until
        last = seals.following(last, chunk, sealed_at=buckets.stamp(now), until=buckets.stamp(reached))
        vault.add(last)
        if not left:
            return last
