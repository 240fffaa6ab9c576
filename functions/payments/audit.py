"""The audit: every hour, it looks again at what was sealed a day ago, and at what should have been.

It checks the chain of seals, and each stream that they name from there to its newest commit: chain, entries
and states. It compares the index with the seals, and hands a commit that no seal has to the sealer. Each
difference is logged by name and counted. `make verify` checks the whole ledger so, and the totals with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from kernel import identity
from kernel.table import buckets
from kernel.triggers.observability import count, noted
from kernel.triggers.schedules import scheduled
from payments import audits, closing, findings, ledger, sealing, store, totals, vault
from payments.audits import Looked
from payments.findings import Finding
from payments.seals import Seal, Sealed

AGE, WINDOW = timedelta(days=1), timedelta(hours=1)
# A quiet hour has a seal, too.
QUIET = timedelta(hours=2)
# A run begins no window after so long. The function may run for 300 seconds.
PATIENCE = timedelta(seconds=150)
STREAMS = {stream.kind: stream for stream in (store.PAYMENTS, store.WALLETS, store.SETTLEMENTS)}


@scheduled(minutes=60)
def audit(line: dict[str, Any]) -> None:
    """Looks at what is a day old. After an outage, at an hour after the other as long as there is time."""
    now = identity.now()
    _told(line, [*_of_vault(now)])
    looked = audits.looked() or _first(now)
    while looked and looked.until < now - AGE and identity.now() < now + PATIENCE:
        until = min(looked.until + WINDOW, now - AGE)
        found, seal = _of_seals(looked, until)
        _told(line, found)
        for straggler in _stragglers(looked, until):
            count("LedgerStraggler")
            line.setdefault("stragglers", []).append(f"{straggler.pk} {straggler.sk}")
            audits.note(straggler)
        looked = Looked(until, seal)
        audits.remember(looked)


def _first(now: datetime) -> Looked | None:
    """Where the first run begins: with all that the first seal may hold."""
    first = next(vault.since(1, page=1), None)
    return Looked(datetime.fromisoformat(first.sealed_at) - sealing.FIRST, 0) if first else None


def _told(line: dict[str, Any], found: Iterable[Finding]) -> None:
    for each in found:
        count("LedgerBroken")
        line.setdefault("failed", {}).setdefault(each.about, []).append(each.what)


def _of_vault(now: datetime) -> Iterator[Finding]:
    """Whether the newest seals are there (that of the totals, one of two hours), and the totals balance."""
    newest, day = next(vault.newest(), None), totals.newest()
    if newest and newest.sealed_at < buckets.stamp(now - QUIET):
        yield Finding("the vault", f"has no seal after {newest.sealed_at}")
    if day:
        found = next(vault.since(day.seal, page=1), None)
        if found is None or found.number != day.seal:
            yield Finding(f"seal {day.seal}", "is missing, and the totals count it")
        elif found.digest() != day.digest:
            yield Finding(f"seal {day.seal}", "is not the seal that the totals count")
        for currency in closing.unbalanced(day.totals):
            yield Finding(f"the totals of {day.day}", f"have other debits than credits in {currency}")


def _of_seals(looked: Looked, until: datetime) -> tuple[list[Finding], int]:
    """What is wrong with the seals until then and with their commits, and the number of the last of them."""
    found, before, number = list[Finding](), None, looked.seal
    for seal, digest in vault.stored(max(looked.seal, 1)):
        if seal.number <= looked.seal:
            before = seal
            continue
        is_later = seal.sealed_at > buckets.stamp(until)
        if is_later and number == looked.seal:
            break  # no seal was made in this window
        known = before or (_unknown(looked.seal) if looked.seal else None)
        found += findings.of_seal(known, seal, digest=digest)
        if is_later:
            break  # it has shown that the seal before is the one that was sealed
        found += _of_commits(seal)
        before, number = seal, seal.number
    return found, number


def _unknown(number: int) -> Seal:
    """In the place of a seal that was checked, and is gone since."""
    return Seal(number, "", "", "", ())


def _of_commits(seal: Seal) -> list[Finding]:
    """What is wrong with the streams that the seal names, from its commits to the newest."""
    streams: dict[str, dict[str, str]] = {}
    for one in sorted(seal.commits):
        streams.setdefault(one.pk, {})[one.sk] = one.digest
    found, unread = list[Finding](), dict[str, dict[str, Any]]()
    for pk, sealed in streams.items():
        with noted(unread, pk):
            found += _of_stream(pk, sealed)
    return found + [Finding(pk, f"cannot be read: {error['outcome']}") for pk, error in unread.items()]


def _of_stream(pk: str, sealed: Mapping[str, str]) -> Iterator[Finding]:
    kind, _, id = pk.partition("#")
    stream: Any = STREAMS[kind]
    first = min(int(sk.partition("#")[2] or 1) for sk in sealed)
    found = [*ledger.tail(stream, id, version=max(first - 1, 1))]
    return findings.of_stream(stream, id, sealed=sealed, found=found)


def _stragglers(looked: Looked, until: datetime) -> list[Sealed]:
    """The commits recorded since then that no seal has. Nothing is sealed before it is recorded."""
    missing, seals = {*ledger.recorded(looked.until, until)}, vault.since(max(looked.seal, 1))
    while missing and (seal := next(seals, None)):  # within minutes, all are found
        missing -= {*seal.commits}
    return sorted(missing)
