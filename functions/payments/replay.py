"""The replay: every hour, it counts the postings of the new seals into the totals of their days.

A run that is cut short has saved what it has counted, and the next run goes on from there.
"""

from collections.abc import Sequence
from typing import Any

from kernel.triggers.schedules import scheduled
from payments import closing, commits, entries, ledger, store, totals, vault
from payments.chart import Posting
from payments.seals import Sealed, SealedCommitChanged

# After how many seals the totals are saved.
MOST = 60


@scheduled(minutes=60)
def replay(line: dict[str, Any]) -> None:
    """Counts the seals since the last run. Raises Contended when another run counts at the same time."""
    saved = counted = totals.newest()
    line["counted"] = 0
    for seal in vault.since(saved.seal + 1 if saved else 1):
        after = closing.counted(counted, seal, postings=postings(seal.commits))
        if counted and counted != saved and (after.day != counted.day or after.seal % MOST == 0):
            totals.save(saved, counted)
            saved = counted
        counted = after
        line["counted"] += 1
    if counted and counted != saved:
        totals.save(saved, counted)


def postings(sealed: Sequence[Sealed]) -> list[Posting]:
    """All postings of sealed commits. Raises SealedCommitChanged.

    No seal holds a record of the release before: the commit that has closed it brings its posting along.
    """
    second = f"{store.PAYMENTS.kind}#{2:010}"
    firsts = [(one.pk, store.PAYMENTS.kind) for one in sealed if one.sk == second]
    found, decided = ledger.stored({*firsts, *((one.pk, one.sk) for one in sealed)}), list[entries.Entry]()
    for key in firsts:
        if key in found and not commits.is_commit(found[key]):
            decided += store.PAYMENTS.brought(found[key])
    for one in sealed:
        item = found.get((one.pk, one.sk))
        if item is None or commits.read(item)[1] != one.digest:
            raise SealedCommitChanged(pk=one.pk, sk=one.sk)
        decided += entries.loaded(item["entries"])
    return [posting for entry in decided for posting in entry.postings]
