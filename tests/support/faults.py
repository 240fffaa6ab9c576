"""The mishaps of a task. They hit as on AWS: around the call, or between two of the task's effects."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

ALWAYS = 1_000


class Mishap(StrEnum):
    """BEFORE: no effect. LOST: the effect, no answer. KILLED: dies after some effects. ZOMBIE: runs later."""

    BEFORE = "fault before the effect"
    LOST = "effect applied and answer lost"
    KILLED = "killed between its writes"
    ZOMBIE = "timeout with a late zombie"


@dataclass
class PlannedMishap:
    """Hits the next `times` calls of `task`; KILLED lets it have `effects` effects first."""

    task: str
    kind: Mishap
    times: int = 1
    effects: int = 0


class FunctionKilled(BaseException):
    """The process is gone: nothing in the code under test may catch this."""


class Crash(Exception):
    """A failed call as the state machine sees it: by an error name."""


@dataclass
class Effects:
    """Counts the effects (writes, processor calls) of the running function and may kill it after some."""

    allowed: int = ALWAYS
    seen: int = 0

    def happened(self) -> None:
        self.seen += 1
        if self.seen >= self.allowed:
            raise FunctionKilled

    @contextmanager
    def limited(self, allowed: int) -> Iterator[None]:
        self.allowed, self.seen = allowed, 0
        try:
            yield
        finally:
            self.allowed, self.seen = ALWAYS, 0


@dataclass
class Faults:
    """The plan of a test: which mishap hits which task, and what else happens just before a task runs."""

    planned: list[PlannedMishap] = field(default_factory=list)
    before: dict[str, list[Callable[[], object]]] = field(default_factory=dict)
    effects: Effects = field(default_factory=Effects)

    def plan(self, task: str, kind: Mishap, *, times: int = 1, effects: int = 0) -> None:
        self.planned.append(PlannedMishap(task, kind, times, effects))

    def just_before(self, task: str, act: Callable[[], object]) -> None:
        """Runs `act` once, right before the next call of `task`."""
        self.before.setdefault(task, []).append(act)

    def clear(self) -> None:
        self.planned.clear()

    def take(self, task: str) -> PlannedMishap | None:
        for act in self.before.pop(task, []):
            act()
        for fault in self.planned:
            if fault.task == task and fault.times > 0:
                fault.times -= 1
                return fault
        return None
