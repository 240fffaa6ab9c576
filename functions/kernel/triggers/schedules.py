"""The clock as a trigger: a function that runs every so many minutes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kernel.table import open_index
from kernel.triggers.observability import invocation

# A job that sees to open items may have a run for each of their shards.
SHARDS = open_index.SHARDS


@dataclass(frozen=True)
class Scheduled:
    """A Lambda handler that runs a job every `minutes` minutes. The job may add to its line of the log.

    A job with `shards` has a run for each of them, at once.
    """

    run: Callable[..., None]
    minutes: int
    shards: int = 0

    def __call__(self, event: Mapping[str, Any], context: object) -> None:
        with invocation(self.run.__name__) as line:
            if self.shards:
                line["shard"] = event["shard"]
                self.run(line, shard=line["shard"])
            else:
                self.run(line)


def scheduled(*, minutes: int, shards: int = 0) -> Callable[[Callable[..., None]], Scheduled]:
    """Makes a Lambda handler of a job. A run that fails is not retried: the next run makes up for it."""
    return lambda run: Scheduled(run, minutes, shards)
