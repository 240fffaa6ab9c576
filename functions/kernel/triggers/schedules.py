"""The clock as a trigger: a function that runs every so many minutes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kernel.triggers.observability import invocation


@dataclass(frozen=True)
class Scheduled:
    """A Lambda handler that runs a job every `minutes` minutes. The job may add to its line of the log."""

    run: Callable[[dict[str, Any]], None]
    minutes: int

    def __call__(self, event: Mapping[str, Any], context: object) -> None:
        with invocation(self.run.__name__) as line:
            self.run(line)


def scheduled(*, minutes: int) -> Callable[[Callable[[dict[str, Any]], None]], Scheduled]:
    """Makes a Lambda handler of a job. A run that fails is not retried: the next run makes up for it."""
    return lambda run: Scheduled(run, minutes)
