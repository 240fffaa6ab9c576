"""Accounts: reads the stream of an account, with the seal of each commit, and draws up its statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payments import commits, ledger, statements, vault
from payments.entries import Entries
from payments.ledger import State, Stream
from payments.statements import NOTHING, By, Cut, Period, Recorded, Statement


@dataclass(frozen=True)
class Asked:
    """Of which period a statement is asked, and as known when. All are times; no `since` is the beginning."""

    since: str
    until: str
    known: str
    by: By


@dataclass(frozen=True)
class Told:
    """A statement, and the cut by which it was made. A stream without commits is empty."""

    statement: Statement
    cut: Cut
    is_empty: bool


def statement(stream: Stream[State], id: str, *, account: str, asked: Asked) -> Told:
    """The statement of the stream's account. The seals are read first: each of them is then found whole."""
    seals = vault.Seals()
    stored = [_recorded(seals, item, entries) for item, entries in ledger.history(stream, id)]
    period = _period(seals, asked)
    cut = period.known if asked.by is By.EFFECTIVE else period.until
    return Told(statements.statement(account, stored, period=period), cut, not stored)


def _period(seals: vault.Seals, asked: Asked) -> Period:
    known = seals.cut(asked.known)
    since = seals.cut(asked.since) if asked.since else NOTHING
    until = seals.cut(min(asked.until, asked.known) if asked.by is By.RECORDED else asked.until)
    return Period(asked.by, since, until, known)


def _recorded(seals: vault.Seals, item: Mapping[str, Any], decided: Entries) -> Recorded:
    if not commits.is_commit(item):
        return Recorded(1, "", "", decided, seal=0)
    commit, _ = commits.read(item)
    seal = seals.number_of(commit.pk, item["sk"], recorded_at=commit.recorded_at)
    return Recorded(commit.version, commit.recorded_at, commit.effective_at, decided, seal)
