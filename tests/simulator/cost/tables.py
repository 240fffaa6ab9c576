"""The report as tables: for the terminal, and between two marks of the README."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.simulator.cost.bill import KINDS, dollars, service, summed
from tests.simulator.cost.report import MODES, Report

BEGIN, END = "<!-- cost: written by `make cost` -->", "<!-- end of what it costs -->"
MARKED = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
SHOWN = ("bought, 1 line", "declined", "cancelled by the customer", "a further line")  # in the README
HEARD = {"alone": "every event alone", "together": "all together"}


def printed(report: Report) -> str:
    """All of it, in US dollars."""
    assumed = report["assumed"]
    lines = [
        "Dollars in us-east-1, without the sandbox processor. Alone: each event is a batch of its own.",
        f"Together: {assumed['orders together']} orders at the same moment, in the batches of the templates.",
        f"Assumed: {_listed(assumed['milliseconds'], ' ms for ')}. Empty polls are in the month.",
        "",
        *_overview(report),
    ]
    for name, modes in report["a million checkouts"].items():
        for mode, entry in modes.items():
            lines += ["", f"== a million checkouts: {name}, {HEARD[mode]}", *_details(entry)]
    lines += ["", "== an idle month", *(_row(*each) for each in report["an idle month"].items())]
    return "\n".join(lines)


def _overview(report: Report) -> Iterator[str]:
    columns = [f"{kind}, {mode}" for kind in KINDS for mode in MODES]
    yield f"{'a million checkouts':<34}" + "".join(f"{column:>20}" for column in columns)
    for name, paid in _paid(report):
        yield f"{name:<34}" + "".join(f"{each:>20.2f}" for each in paid)


def _paid(report: Report) -> Iterator[tuple[str, Sequence[float]]]:
    for name, modes in report["a million checkouts"].items():
        yield name, [modes[mode]["dollars"][kind] for kind in KINDS for mode in MODES]
    further = report["a million further lines"]
    yield "a further line", [further[mode][kind] for kind in KINDS for mode in MODES]


def _details(entry: Mapping[str, Any]) -> Iterator[str]:
    """By kind of unit, by service and by function, of both kinds of saga where they differ."""
    bill = entry["functions"]
    for kind, paid in entry["dollars"].items():
        yield _row(kind, paid)
    yield _row("the sandbox processor, beside it", entry["sandbox"])
    yield "  by kind of unit"
    for unit, count in entry["units"].items():
        yield _row(f"    {unit}", dollars({unit: count}), f"{count:g}")
    for machine, units in entry["express"].items():
        yield _row(f"    express instead: {machine}", dollars(units), _listed(units))
    yield "  by service, standard"
    for name, paid in summed(bill, lambda function, unit: service(function)).items():
        yield _row(f"    {name}", paid)
    yield "  by function, standard"
    for name, paid in summed(bill, lambda function, unit: function).items():
        yield _row(f"    {name}", paid, _listed(bill[name]))


def _listed(units: Mapping[str, float], between: str = " ") -> str:
    return ", ".join(f"{count:g}{between}{unit}" for unit, count in units.items())


def _row(name: str, paid: float, more: str = "") -> str:
    return f"{name:<46}{paid:>9.2f}  {more}".rstrip()


# The README


def readme(report: Report, content: str) -> str:
    """The content with the table between its marks."""
    return MARKED.sub(lambda _: "\n".join([BEGIN, "", *_table(report), "", END]), content)


def _table(report: Report) -> Iterator[str]:
    columns = [f"{kind}, {mode}" for kind in KINDS for mode in MODES]
    yield f"| dollars, of a million | {' | '.join(columns)} |"
    yield "| --- |" + " --: |" * len(columns)
    for name, paid in _paid(report):
        if name in SHOWN:
            yield f"| {name} | {' | '.join(f'{each:.2f}' for each in paid)} |"
