"""The arithmetic of the bench: percentiles, what a checkout takes, and the ratios of two sides."""

from collections.abc import Mapping, Sequence
from math import ceil

from localstack.bench.load import Measured

Figures = Mapping[str, float]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]


def figures(rounds: Sequence[Measured]) -> Figures:
    """All rounds of one phase together, per checkout where it is about cost."""
    samples = [sample for measured in rounds for sample in measured.samples]
    accepted = [1000 * (sample.accepted - sample.sent) for sample in samples]
    final = [1000 * (sample.final - sample.sent) for sample in samples]
    calls = sum(measured.counted.calls.total() for measured in rounds)
    invocations = sum(measured.counted.invocations.total() for measured in rounds)
    return {
        "accepted p50 ms": percentile(accepted, 50),
        "accepted p99 ms": percentile(accepted, 99),
        "final p50 ms": percentile(final, 50),
        "final p99 ms": percentile(final, 99),
        "checkouts/s": len(samples) / sum(map(_seconds, rounds)),
        "SDK calls": calls / len(samples),
        "invocations": invocations / len(samples),
        **{
            f"CPU ms, {kind}": _cpu(rounds, kind) / len(samples)
            for kind in ("emulator", "functions", "clients")
        },
    }


def rows(phase: str, sides: Mapping[str, Figures]) -> list[list[str]]:
    """A row for each figure: the phase, the figure, each side's value, and the first to the second."""
    names = next(iter(sides.values()))
    return [[phase, name, *_values([side[name] for side in sides.values()])] for name in names]


def _values(values: Sequence[float]) -> list[str]:
    ratio = [f"{values[0] / values[1]:.2f}" if values[1] else "-"] if len(values) == 2 else []
    return [*(f"{value:.1f}" for value in values), *ratio]


def _seconds(measured: Measured) -> float:
    return max(one.final for one in measured.samples) - min(one.sent for one in measured.samples)


def _cpu(rounds: Sequence[Measured], kind: str) -> float:
    return 1000 * sum(measured.counted.cpu[kind] for measured in rounds)
