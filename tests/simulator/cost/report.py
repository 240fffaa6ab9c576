"""Everything of `contracts/cost.json`: what each checkout costs, a further line, and a month without any."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from contracts.current import ROOT
from tests.simulator.cost import prices
from tests.simulator.cost.bill import KINDS, Bill, billed, dollars, ours, sandbox, total
from tests.simulator.cost.deployment import Deployment
from tests.simulator.cost.plays import AT_ONCE, BOUGHT, CASES, Case, Counted, checkout, schedules
from tests.simulator.cost.prices import MILLION, MINUTES_OF_A_MONTH, MONTHLY, POLLS_OF_A_MINUTE, UNITS

COMMITTED = ROOT / "contracts" / "cost.json"
MODES = {"alone": True, "together": False}
Report = Mapping[str, Any]
DEEP = 5  # levels that have a line for each entry


def report(deployment: Deployment) -> Report:
    counted = {
        case.name: {mode: checkout(case, deployment, alone=alone) for mode, alone in MODES.items()}
        for case in CASES
    }
    checkouts = {
        name: {mode: _entry(each, deployment) for mode, each in modes.items()}
        for name, modes in counted.items()
    }
    return {
        "assumed": _assumed(),
        "a million checkouts": checkouts,
        "a million further lines": _further(checkouts),
        "an idle month": _idle(deployment),
    }


def text(report: Report) -> str:
    """The same report gives the same text."""
    return _text(report, DEEP) + "\n"


def _text(value: Any, depth: int, indent: str = "") -> str:
    if depth == 0 or not isinstance(value, dict):
        return json.dumps(value)
    inner = indent + " "
    lines = [f"{inner}{json.dumps(key)}: {_text(each, depth - 1, inner)}" for key, each in value.items()]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _assumed() -> Report:
    return {
        "region": "us-east-1",
        "orders together": AT_ONCE,
        "milliseconds": {
            "an invocation": prices.OWN,
            "a call of AWS": prices.CALL,
            "a request to the card processor": prices.PROCESSOR,
        },
        "bytes of a log line beside ours": prices.ENVELOPE,
        "bytes of Lambda's own lines": prices.PLATFORM,
        "polls of a queue in a minute": POLLS_OF_A_MINUTE,
    }


def _entry(counted: Counted, deployment: Deployment) -> Report:
    """Units are those of a standard saga's checkout; what an express saga has instead is beside them."""
    bills = {kind: billed(counted, deployment, kind) for kind in KINDS}
    machines = {name for name, units in bills["standard"].items() if "state transitions" in units}
    bill = ours(bills["standard"])
    return {
        "dollars": {kind: round(total(ours(bills[kind])), 2) for kind in KINDS},
        "sandbox": round(total(sandbox(bills["standard"])), 2),
        "units": _rounded(_together(bill)),
        "functions": {name: _rounded(units) for name, units in bill.items()},
        "express": {name: _rounded(bills["express"][name]) for name in sorted(machines)},
    }


def _together(bill: Bill) -> Mapping[str, float]:
    units: Counter[str] = Counter()
    for each in bill.values():
        units.update(each)
    return {unit: units[unit] for unit in (*UNITS, "SDK calls") if unit in units}


def _rounded(units: Mapping[str, float]) -> Mapping[str, float]:
    return {unit: round(count, 2) for unit, count in units.items()}


def _further(checkouts: Report) -> Report:
    """The average from one line to fifty: sizes are rounded up, so the way there is no straight line."""
    first, *_, last = [case for case in CASES if case.ends == BOUGHT]
    return {mode: {kind: _slope(checkouts, first, last, (mode, kind)) for kind in KINDS} for mode in MODES}


def _slope(checkouts: Report, first: Case, last: Case, of: tuple[str, str]) -> float:
    mode, kind = of
    least, most = (checkouts[case.name][mode]["dollars"][kind] for case in (first, last))
    return round((most - least) / (last.lines - first.lines), 2)


def _idle(deployment: Deployment) -> Report:
    """Dollars of a month. Stored data is not in it."""
    entries = {
        f"{count} {name}{'s' if count > 1 else ''}": count * MONTHLY[name].dollars
        for name, count in deployment.monthly.items()
        if count
    }
    polls = len(deployment.batches) * POLLS_OF_A_MINUTE * MINUTES_OF_A_MONTH
    entries[f"pollers of {len(deployment.batches)} queues"] = polls * UNITS["SQS requests"].dollars
    for handler, (minutes, counted) in schedules(deployment).items():
        run = sum(dollars(units) for units in billed(counted, deployment, "standard").values()) / MILLION
        entries[f"{handler} every {minutes} min"] = run * MINUTES_OF_A_MONTH / minutes
    rounded = {name: round(paid, 2) for name, paid in entries.items()}
    return {"dollars": round(sum(entries.values()), 2), **rounded}
