"""Totals and months: what the replay has counted is the sum of what was sealed. A closed month is constant.

The sums are computed here once more, from the postings of the commits that the seals name.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ops.evidence import Evidence, Item
from ops.invariants.ledger import postings_of
from ops.invariants.registry import Finding, invariant

Sums = dict[str, dict[str, int]]


@invariant
def totals_are_what_was_sealed(evidence: Evidence) -> Iterator[Finding]:
    """Each day's totals are the sums of all postings in the seals that they count, and sum to zero."""
    rows = _rows(evidence, "totals")
    sealed = _sealed(evidence, {row["seal"] for row in rows})
    for row in rows:
        found = _added(row["carried"], row["moved"])
        if found != sealed[row["seal"]]:
            yield row["sk"], f"its totals are {found}, and {sealed[row['seal']]} was sealed"
        for currency in {name.partition("#")[2] for name in found}:
            sums = [each for name, each in found.items() if name.endswith(f"#{currency}")]
            if sum(each["debit"] - each["credit"] for each in sums):
                yield row["sk"], f"its debits in {currency} are not its credits"


@invariant
def a_closed_month_is_constant(evidence: Evidence) -> Iterator[Finding]:
    """A closed month has the last seal made in it, that seal's digest, and the totals until that seal."""
    rows = _rows(evidence, "month")
    sealed = _sealed(evidence, {row["seal"] for row in rows})
    for row in rows:
        seal, later = evidence.seals[row["seal"] - 1], evidence.seals[row["seal"] :]
        if seal["sealed_at"][:7] > row["sk"] or (later and later[0]["sealed_at"][:7] <= row["sk"]):
            yield row["sk"], f"seal {row['seal']} is not the last one of the month"
        if seal["digest"] != row["digest"]:
            yield row["sk"], f"it was closed with another seal {row['seal']}"
        if row["totals"] != sealed[row["seal"]]:
            yield row["sk"], f"its totals are not what was sealed until seal {row['seal']}"


def _rows(evidence: Evidence, kind: str) -> list[Item]:
    """The rows that count no seal beyond those that are known: seals are read before the rows."""
    rows = [item for item in evidence.tables.get("payments", ()) if item["pk"] == kind]
    return [row for row in rows if row["seal"] <= len(evidence.seals)]


def _sealed(evidence: Evidence, numbers: set[int]) -> Mapping[int, Sums]:
    """The debits and credits of each account and currency in the seals until each of these numbers.

    A record of the release before counts with the commit that has closed it, the second of its stream.
    """
    stored = {(item["pk"], item["sk"]): item for stream in evidence.ledger.values() for item in stream}
    sums, found = Sums(), dict[int, Sums]()
    for number, seal in enumerate(evidence.seals, start=1):
        for pk, sk, _ in json.loads(seal["commits"]):
            first = stored.get((pk, "payment"), {}) if sk == "payment#0000000002" else {}
            for item in (first if "status" in first else {}, stored.get((pk, sk), {})):
                for posting in postings_of([item] if item else []):
                    _count(sums, posting, currency=posting.get("currency", item.get("currency", "")))
        if number in numbers:
            found[number] = {name: dict(each) for name, each in sums.items()}
    return found


def _count(sums: Sums, posting: Mapping[str, Any], *, currency: str) -> None:
    for side in ("debit", "credit"):
        sum_ = sums.setdefault(f"{posting[side]}#{currency}", {"debit": 0, "credit": 0})
        sum_[side] += posting["amount"]


def _added(one: Sums, other: Sums) -> Sums:
    both = {name: dict(each) for name, each in one.items()}
    for name, each in other.items():
        known = both.setdefault(name, {"debit": 0, "credit": 0})
        both[name] = {side: known[side] + each[side] for side in known}
    return both
