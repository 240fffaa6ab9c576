"""What Settle costs: `contracts/cost.json` is what `make cost` writes, and nothing passes its ceiling."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from contracts.current import ROOT
from tests.infrastructure.synthesis import Assembly
from tests.simulator.cost.bill import KINDS
from tests.simulator.cost.deployment import deployment
from tests.simulator.cost.plays import CASES, checkout
from tests.simulator.cost.report import COMMITTED, Report, report, text
from tests.simulator.cost.tables import readme
from tests.support.wiring import SUBSCRIPTIONS

# Written by hand: dollars that an Express saga's checkouts may cost by the million, and an idle month.
CEILINGS = {
    ("bought, 1 line", "alone"): 50.80,
    ("bought, 1 line", "together"): 37.60,
    ("declined", "together"): 48.85,
    ("sold out", "together"): 42.00,
    ("cancelled by the customer", "together"): 64.10,
    ("died, then swept", "together"): 43.35,
}
# When the index by_customer goes, a further line costs 2.00 at most, and a bought order 2.50 less.
FURTHER_LINE, IDLE_MONTH = 2.12, 18.45
Paid = Mapping[tuple[str, str, str], float]


@pytest.fixture(scope="module")
def found(cloud_assembly: Assembly) -> Report:
    return report(deployment(cloud_assembly))


@pytest.fixture(scope="module")
def committed() -> Report:
    kept: Report = json.loads(COMMITTED.read_text())
    return kept


def paid(report: Report) -> Paid:
    """Dollars by checkout, kind of saga and batches."""
    return {
        (name, kind, mode): dollars
        for name, modes in report["a million checkouts"].items()
        for mode, entry in modes.items()
        for kind, dollars in entry["dollars"].items()
    }


def differences(now: Paid, then: Paid) -> Iterator[str]:
    for what in now.keys() | then.keys():
        before, after = then.get(what, 0), now.get(what, 0)
        if before != after:
            how = "dearer" if after > before else "cheaper"
            yield f"{', '.join(what)}: {how}, {before} -> {after} dollars"


def test_the_committed_file_says_what_the_code_costs(found: Report, committed: Report) -> None:
    told = sorted(differences(paid(found), paid(committed)))
    assert told == [], "If that is meant, `make cost` writes it into contracts/cost.json."
    assert text(found) == COMMITTED.read_text(), "Units have changed: `make cost` writes them."


def test_the_readme_says_what_the_committed_file_says(committed: Report) -> None:
    content = (ROOT / "README.md").read_text()
    assert readme(committed, content) == content
    assert "| bought, 1 line |" in content


@pytest.mark.parametrize(("case", "mode"), CEILINGS)
def test_no_checkout_costs_more_than_its_ceiling(found: Report, case: str, mode: str) -> None:
    assert paid(found)[case, "express", mode] <= CEILINGS[case, mode]


def test_no_further_line_and_no_idle_month_costs_more_than_its_ceiling(found: Report) -> None:
    further = found["a million further lines"]
    assert max(further[mode]["express"] for mode in further) <= FURTHER_LINE
    assert found["an idle month"]["dollars"] <= IDLE_MONTH


def test_the_parts_of_a_checkout_are_its_sum(found: Report) -> None:
    for modes in found["a million checkouts"].values():
        for entry in modes.values():
            sums: dict[str, float] = {}
            for units in entry["functions"].values():
                for unit, count in units.items():
                    sums[unit] = sums.get(unit, 0) + count
            assert sums == {unit: pytest.approx(count, abs=0.1) for unit, count in entry["units"].items()}


def test_both_kinds_of_saga_consume_the_same_units(cloud_assembly: Assembly) -> None:
    """So one count does for the prices of both."""
    known, (case, *_) = deployment(cloud_assembly), CASES
    express, standard = (checkout(case, known, alone=True, saga=kind) for kind in KINDS)
    assert express == standard


def test_the_batches_and_the_indexes_of_the_templates_are_found(cloud_assembly: Assembly) -> None:
    known: Any = deployment(cloud_assembly)
    assert known.batches.keys() >= SUBSCRIPTIONS.keys()
    assert {name for indexes in known.indexes.values() for name in indexes} >= {"open"}
    assert set(known.memory.values()) != set()


def test_more_dollars_are_told_apart_from_fewer() -> None:
    before = {("bought", "express", "alone"): 1.0, ("declined", "express", "alone"): 2.0}
    after = {("bought", "express", "alone"): 1.5, ("declined", "express", "alone"): 1.0}
    assert sorted(differences(after, before)) == [
        "bought, express, alone: dearer, 1.0 -> 1.5 dollars",
        "declined, express, alone: cheaper, 2.0 -> 1.0 dollars",
    ]
