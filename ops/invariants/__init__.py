"""The invariants: rules that must hold whatever happened, as pure functions over stored data.

The simulator checks them after every schedule, `make verify` checks them in a deployed stack. Stored data
does not show whether the same key gets the same answer; the simulator checks that itself.
"""

from dataclasses import dataclass

from ops.evidence import Evidence
from ops.invariants import disputes, events, ledger, money, privacy, refunds, saga, stock, totals
from ops.invariants.privacy import leaks
from ops.invariants.registry import INVARIANTS, Invariant

__all__ = ["INVARIANTS", "Evidence", "Invariant", "Violation", "leaks", "violations"]
TOPICS = (money, ledger, refunds, disputes, totals, stock, saga, events, privacy)


@dataclass(frozen=True)
class Violation:
    """`rule` is the invariant's name, `about` an order, a SKU or a subject, `what` is wrong with it."""

    rule: str
    about: str
    what: str


def violations(evidence: Evidence) -> list[Violation]:
    """Everything that breaks an invariant; empty when all of them hold."""
    return [
        Violation(name, about, what)
        for name, rule in INVARIANTS.items()
        for about, what in rule.check(evidence)
    ]
