"""The rules for totals and closed months: right books break none of them, and each damage is told."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ops.evidence import Evidence
from ops.invariants import totals
from tests.support.evidence import NOON
from tests.support.ledgers import chained, commit

Item = dict[str, Any]
Damage = Callable[[list[Item], list[Item]], Any]
CAPTURE = {
    "code": "capture",
    "debit": "processor_receivable",
    "credit": "order",
    "amount": 700,
    "currency": "EUR",
}
SALE = {"code": "sale", "debit": "order", "credit": "revenue", "amount": 700, "currency": "EUR"}
STREAM = chained(
    [
        commit("payment#o1", 1, state={}, entries=[{"type": "Captured", "postings": [CAPTURE]}]),
        commit("payment#o1", 2, state={}, entries=[{"type": "SalePosted", "postings": [SALE]}]),
    ]
)
RECEIVABLE, ORDER = {"debit": 700, "credit": 0}, {"debit": 0, "credit": 700}
FEBRUARY = {"processor_receivable#EUR": RECEIVABLE, "order#EUR": ORDER}
MARCH = {"order#EUR": {"debit": 700, "credit": 0}, "revenue#EUR": {"debit": 0, "credit": 700}}


def seal(number: int, day: str, *items: Item) -> Item:
    named = [[item["pk"], item["sk"], item["moment"].partition("#")[2]] for item in items]
    return {
        "pk": "seal",
        "sk": f"{number:010}",
        "sealed_at": f"{day}T12:00:00.000000+00:00",
        "digest": f"digest-{number}",
        "commits": json.dumps(named),
    }


def books() -> tuple[list[Item], list[Item]]:
    """The items of payments and of the vault: a capture in February, its sale in March, February closed."""
    rows = [
        {"pk": "totals", "sk": "2026-02-28", "seal": 1, "carried": {}, "moved": FEBRUARY},
        {"pk": "totals", "sk": "2026-03-01", "seal": 2, "carried": FEBRUARY, "moved": MARCH},
        {"pk": "month", "sk": "2026-02", "seal": 1, "digest": "digest-1", "totals": FEBRUARY},
    ]
    vault = [seal(1, "2026-02-28", STREAM[0]), seal(2, "2026-03-01", STREAM[1])]
    copied: tuple[list[Item], list[Item]] = json.loads(json.dumps([[*STREAM, *rows], vault]))
    return copied


def told(payments: Sequence[Item], vault: Sequence[Item]) -> list[tuple[str, str]]:
    evidence = Evidence({"payments": payments, "vault": vault}, [], [], NOON)
    checks = (totals.totals_are_what_was_sealed, totals.a_closed_month_is_constant)
    return [(check.__name__, about) for check in checks for about, _ in check(evidence)]


def test_right_books_break_no_rule() -> None:
    assert told(*books()) == []


def test_what_no_known_seal_has_is_not_judged() -> None:
    payments, vault = books()
    assert told(payments, vault[:1]) == []
    assert told(payments, []) == []


def row(payments: Sequence[Item], pk: str, sk: str) -> Item:
    return next(item for item in payments if (item["pk"], item["sk"]) == (pk, sk))


SUMS, MONTH = "totals_are_what_was_sealed", "a_closed_month_is_constant"
DAMAGES: dict[str, tuple[Damage, set[tuple[str, str]]]] = {
    "a seal was counted twice": (
        lambda payments, vault: row(payments, "totals", "2026-03-01")["carried"]["order#EUR"].update(
            credit=1400
        ),
        {(SUMS, "2026-03-01")},
    ),
    "a seal was left out": (
        lambda payments, vault: row(payments, "totals", "2026-03-01").update(moved={}),
        {(SUMS, "2026-03-01")},
    ),
    "the closed month was written again": (
        lambda payments, vault: row(payments, "month", "2026-02").update(totals=MARCH),
        {(MONTH, "2026-02")},
    ),
    "the closed month has a seal of the next": (
        lambda payments, vault: row(payments, "month", "2026-02").update(
            seal=2,
            digest="digest-2",
            totals={**FEBRUARY, **MARCH, "order#EUR": {"debit": 700, "credit": 700}},
        ),
        {(MONTH, "2026-02")},
    ),
    "the month was closed with another seal": (
        lambda payments, vault: row(payments, "month", "2026-02").update(digest="another"),
        {(MONTH, "2026-02")},
    ),
    "a seal of the month came after its closing": (
        lambda payments, vault: vault[1].update(sealed_at="2026-02-28T23:00:00.000000+00:00"),
        {(MONTH, "2026-02")},
    ),
}


@pytest.mark.parametrize(("damage", "wanted"), DAMAGES.values(), ids=DAMAGES)
def test_a_damage_is_told(damage: Damage, wanted: set[tuple[str, str]]) -> None:
    payments, vault = books()
    damage(payments, vault)
    assert set(told(payments, vault)) == wanted


def test_a_record_of_the_release_before_counts_with_the_commit_that_closed_it() -> None:
    record = {
        "pk": "payment#o1",
        "sk": "payment",
        "status": "CLOSED",
        "status_before": "CAPTURED",
        "amount": 700,
        "currency": "EUR",
    }
    sold = {**MARCH, "order#EUR": {"debit": 700, "credit": 700}, "processor_receivable#EUR": RECEIVABLE}
    counted = {"pk": "totals", "sk": "2026-03-01", "seal": 1, "carried": {}, "moved": sold}
    assert told([record, STREAM[1], counted], [seal(1, "2026-03-01", STREAM[1])]) == []
