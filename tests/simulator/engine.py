"""Virtual time: what is to happen next, and processes that are suspended in between.

One greenlet runs at a time and nothing else decides the order, so the same world always goes the same way.
While no process is under way, an engine is plain data: it can be pickled with all that waits in its queue.
"""

import heapq
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from greenlet import greenlet

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOST_EVENTS = 2_000_000


class Killed(BaseException):
    """The process is gone: nothing in the code under test may catch this."""


class Timeout(Exception):
    """What was waited for has not come in time."""


@dataclass(frozen=True)
class Outcome:
    """How a process ended: with a value, or with what it raised."""

    value: Any = None
    error: BaseException | None = None


Ended = Callable[[Outcome], None]


@dataclass
class Process:
    """A body that runs for itself until it waits; `environment` is what its os.environ holds meanwhile.

    Its context variables are its own too, as those of every greenlet are.
    """

    name: str
    environment: Mapping[str, str]
    memory: dict[str, Any] = field(default_factory=dict)
    body: greenlet | None = None
    dead: bool = False


class Engine:
    """The clock and the queue of what is to happen.

    `quiet` is called before each timer and at the end, whenever no process is under way.
    """

    def __init__(self) -> None:
        self.now = self.began = EPOCH
        self.running: Process | None = None
        self.quiet: Callable[[], None] | None = None
        self._hub = greenlet.getcurrent()
        self._environment: Mapping[str, str] = {}
        self._queue: list[list[Any]] = []
        self._timers = 0
        self._under_way = 0

    def __getstate__(self) -> dict[str, Any]:
        assert not self.is_under_way, "a process that is under way cannot be copied"
        left = sorted(entry for entry in self._queue if entry[2] is not None)
        return self.__dict__ | {"_hub": None, "_environment": {}, "quiet": None, "_queue": left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _hub=greenlet.getcurrent())

    @property
    def is_under_way(self) -> bool:
        """Whether there is a process that has not ended."""
        return self._under_way > 0

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return (self.now - self.began).total_seconds()

    @property
    def due(self) -> datetime | None:
        """When the next timer of the queue comes, a cancelled one included; None without any."""
        return self._queue[0][0] if self._queue else None

    def waiting(self) -> list[tuple[datetime, Callable[[], object]]]:
        """What is to happen, in its order."""
        return [(moment, act) for moment, _, act in sorted(self._queue) if act is not None]

    def after(self, seconds: float, act: Callable[[], object]) -> list[Any]:
        """Lets `act` happen then. What is answered may be given to `cancel`."""
        self._timers += 1
        entry = [self.now + timedelta(seconds=seconds), self._timers, act]
        heapq.heappush(self._queue, entry)
        return entry

    @staticmethod
    def cancel(entry: list[Any]) -> None:
        entry[2] = None

    def run(self, until: datetime | None = None) -> None:
        """Lets happen what is due by `until`, and then it is that late; without it, everything there is."""
        for _ in range(MOST_EVENTS):
            if self.quiet and not self.is_under_way:
                self.quiet()
            if not self._queue or (until and self._queue[0][0] > until):
                self.now = max(self.now, until or self.now)
                return
            moment, _, act = heapq.heappop(self._queue)
            if act is not None:
                self.now = max(self.now, moment)
                act()
        raise AssertionError("the world does not come to rest")

    def spawn(
        self, body: Callable[[], Any], *, name: str, environment: Mapping[str, str], ended: Ended
    ) -> Process:
        """Starts a process soon; `ended` hears of its end."""
        process = Process(name, environment)

        def run() -> None:
            try:
                self._live(process)
                outcome = Outcome(body())
            except (Exception, Killed) as error:  # noqa: BLE001 - whatever ends a process is its outcome
                outcome = Outcome(error=error)
            process.body = None
            self._under_way -= 1
            ended(outcome)

        process.body = greenlet(run, parent=self._hub)
        self._under_way += 1
        self._soon(process)
        return process

    def kill(self, process: Process) -> None:
        """Ends it at once: it makes no further call, and what it waits for goes on without it."""
        process.dead = True
        self._soon(process)

    def sleep(self, seconds: float) -> None:
        """Suspends the running process, while others run."""
        process = self._process()
        self._soon(process, seconds)
        self._suspend(process)

    def wait(self, start: Callable[[Ended], object], *, timeout: float) -> Any:
        """What the thing that `start` sets off ends with. Raises what it raised, or Timeout."""
        process = self._process()
        heard: list[Outcome] = []

        def hear(outcome: Outcome) -> None:
            if not heard:
                heard.append(outcome)
                self._soon(process)

        alarm = self.after(timeout, lambda: hear(Outcome(error=Timeout())))
        start(hear)
        try:
            self._suspend(process)
        finally:
            self.cancel(alarm)
        if heard[0].error is not None:
            raise heard[0].error
        return heard[0].value

    def _soon(self, process: Process, seconds: float = 0) -> None:
        self.after(seconds, partial(self._resume, process))

    def _process(self) -> Process:
        assert self.running is not None, "only a process can wait"
        self._live(self.running)
        return self.running

    def _suspend(self, process: Process) -> None:
        self._hub.switch()
        self._live(process)

    @staticmethod
    def _live(process: Process) -> None:
        if process.dead:
            raise Killed

    def _resume(self, process: Process) -> None:
        if process.body is None:  # it was killed while it waited for this
            return
        self.running = process
        if process.environment and process.environment is not self._environment:
            # To set a variable is a call of the system, so what is there already is not set again.
            os.environ.update(process.environment.items() - self._environment.items())
            self._environment = process.environment
        process.body.switch()
        self.running = None
