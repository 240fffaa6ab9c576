"""The rows of totals in payments' table: one for each day with a seal, and one for each closed month."""

from collections.abc import Iterator
from typing import Any

from kernel.errors import ConditionFailed, Contended
from kernel.table import inbox, items, writes
from kernel.table.items import Item
from kernel.table.writes import Write
from payments import store
from payments.closing import Day, Month, MonthClosed, Sum, Sums

TOTALS, MONTHS = "totals", "month"


def newest() -> Day | None:
    """The totals as far as seals are counted."""
    return as_of("9999-12-31")


def as_of(day: str) -> Day | None:
    """The totals at the end of the day: those of the day, or of the last day before it with a seal."""
    newest: Item = {"ScanIndexForward": False, "Limit": 1}
    return next(_days("#pk = :pk AND #sk <= :until", until=day, options=newest), None)


def between(first: str, last: str) -> list[Day]:
    """The totals of the days from the first to the last."""
    return [*_days("#pk = :pk AND #sk BETWEEN :since AND :until", since=first, until=last)]


def save(before: Day | None, after: Day) -> None:
    """Puts totals in the place of those that were counted before, or begins a day.

    Raises Contended when another run has counted: no seal is ever counted twice.
    """
    said = {
        "seal": after.seal,
        "digest": after.digest,
        "carried": _plain(after.carried),
        "moved": _plain(after.moved),
    }
    if before and before.day == after.day:
        guard: Any = {"condition": "#seal = :counted", "binds": {"counted": before.seal}}
    else:
        guard = {"condition": "attribute_not_exists(#pk)"}
    try:
        writes.update(Write({"pk": TOTALS, "sk": after.day}, sets=said, **guard))
    except ConditionFailed as failed:
        raise Contended from failed


def month(name: str) -> Month | None:
    """The closed month; None while it is open."""
    item = items.load({"pk": MONTHS, "sk": name})
    if item is None:
        return None
    told = {name: item[name] for name in ("seal", "digest", "closed_at", "by")}
    return Month(month=name, totals=_sums(item["totals"]), **told)


def close(closed: Month, *, request: str, fingerprint: str) -> None:
    """Records the closed month with the memory of the request, once. Raises MonthClosed, KeyReused.

    When this very request was granted meanwhile, nothing is written.
    """
    said = {name: getattr(closed, name) for name in ("seal", "digest", "closed_at", "by")}
    row = Write(
        {"pk": MONTHS, "sk": closed.month},
        sets={**said, "totals": _plain(closed.totals)},
        condition="attribute_not_exists(#pk)",
    )
    try:
        writes.transact([row, inbox.once(store.OPERATORS, request, fingerprint=fingerprint)])
    except ConditionFailed as failed:
        if not store.remembers(request, fingerprint):
            raise MonthClosed from failed


def _days(condition: str, *, options: Item | None = None, **binds: str) -> Iterator[Day]:
    found = items.query(condition, {"pk": TOTALS, **binds}, ConsistentRead=True, **(options or {}))
    for item in found:
        yield Day(item["sk"], item["seal"], item["digest"], _sums(item["carried"]), _sums(item["moved"]))


def _plain(sums: Sums) -> Item:
    return {
        f"{account}#{currency}": {"debit": sum.debit, "credit": sum.credit}
        for (account, currency), sum in sorted(sums.items())
    }


def _sums(item: Item) -> Sums:
    found = dict[tuple[str, str], Sum]()
    for name, sum in item.items():
        account, _, currency = name.partition("#")
        found[account, currency] = Sum(**sum)
    return found
