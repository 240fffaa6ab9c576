"""What must hold whatever happened: pure, over what was written down.

The simulation asks it of every schedule, `make verify` of a deployed stack. That the same key gets the same
answer is no matter of what is written down; the simulation checks it itself.
"""

from dataclasses import dataclass

from ops.evidence import Evidence
from ops.invariants import events, money, privacy, saga, stock
from ops.invariants.privacy import leaks
from ops.invariants.registry import INVARIANTS, Invariant

__all__ = ["INVARIANTS", "Evidence", "Invariant", "Violation", "leaks", "violations"]
TOPICS = (money, stock, saga, events, privacy)


@dataclass(frozen=True)
class Violation:
    """`rule` by its name, `about` an order, a SKU or a subject, and `what` is wrong."""

    rule: str
    about: str
    what: str


def violations(evidence: Evidence) -> list[Violation]:
    """Whatever breaks a rule; none in a world that is right."""
    return [
        Violation(name, about, what)
        for name, rule in INVARIANTS.items()
        for about, what in rule.check(evidence)
    ]
