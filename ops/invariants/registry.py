"""The registry of invariants: each is a function, with its name, its docstring and its findings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ops.evidence import Evidence

Finding = tuple[str, str]
InvariantCheck = Callable[[Evidence], Iterator[Finding]]


@dataclass(frozen=True)
class Invariant:
    """`check` yields each violation: the order, SKU or subject that it is about, and what is wrong."""

    name: str
    says: str
    check: InvariantCheck


INVARIANTS: dict[str, Invariant] = {}


def invariant(check: InvariantCheck) -> InvariantCheck:
    """Registers a check under its function's name. Its docstring says what must hold."""
    name = check.__name__.replace("_", "-")
    INVARIANTS[name] = Invariant(name, (check.__doc__ or "").strip(), check)
    return check
