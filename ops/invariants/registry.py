"""How a rule is told: a function's name, its first line, and what it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ops.evidence import Evidence

Finding = tuple[str, str]
InvariantCheck = Callable[[Evidence], Iterator[Finding]]


@dataclass(frozen=True)
class Invariant:
    """`check` yields what breaks the rule: about what, and how."""

    name: str
    says: str
    check: InvariantCheck


INVARIANTS: dict[str, Invariant] = {}


def invariant(check: InvariantCheck) -> InvariantCheck:
    """Registers a rule under its function's name; its docstring is what must hold."""
    name = check.__name__.replace("_", "-")
    INVARIANTS[name] = Invariant(name, (check.__doc__ or "").strip(), check)
    return check
