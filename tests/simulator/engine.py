"""Virtual time: what is to happen next, and processes that are suspended in between.

One greenlet runs at a time and nothing else decides the order, so that a seed decides everything.
"""

import heapq
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from greenlet import greenlet

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOST_EVENTS = 2_000_000
ROUTING = ("current_event", "lambda_context")  # what Powertools keeps of a request, once per interpreter


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
    """A body that runs for itself until it waits; `environment` is what its os.environ holds meanwhile."""

    name: str
    environment: Mapping[str, str]
    memory: dict[str, Any] = field(default_factory=dict)
    routing: dict[str, Any] = field(default_factory=dict)
    body: greenlet | None = None
    dead: bool = False

    def enter(self) -> None:
        for name, value in self.routing.items():
            setattr(BaseRouter, name, value)

    def leave(self) -> None:
        self.routing = {name: getattr(BaseRouter, name) for name in ROUTING if hasattr(BaseRouter, name)}


class Engine:
    """The clock, the one source of chance, and the queue of what is to happen."""

    def __init__(self, seed: int) -> None:
        self.now = self.began = EPOCH
        self.random = Random(seed)
        self.running: Process | None = None
        self._hub = greenlet.getcurrent()
        self._environment: Mapping[str, str] = {}
        self._queue: list[list[Any]] = []
        self._order = count()

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return (self.now - self.began).total_seconds()

    def after(self, seconds: float, act: Callable[[], object]) -> list[Any]:
        """Lets `act` happen then. What is answered may be given to `cancel`."""
        entry = [self.now + timedelta(seconds=seconds), next(self._order), act]
        heapq.heappush(self._queue, entry)
        return entry

    @staticmethod
    def cancel(entry: list[Any]) -> None:
        entry[2] = None

    def run(self, until: datetime | None = None) -> None:
        """Lets happen what is due by `until`, and then it is that late; without it, everything there is."""
        for _ in range(MOST_EVENTS):
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
            ended(outcome)

        process.body = greenlet(run, parent=self._hub)
        self.after(0, lambda: self._resume(process))
        return process

    def kill(self, process: Process) -> None:
        """Ends it at once: it makes no further call, and what it waits for goes on without it."""
        process.dead = True
        self.after(0, lambda: self._resume(process))

    def sleep(self, seconds: float) -> None:
        """Suspends the running process, while others run."""
        process = self._process()
        self.after(seconds, lambda: self._resume(process))
        self._suspend(process)

    def wait(self, start: Callable[[Ended], object], *, timeout: float) -> Any:
        """What the thing that `start` sets off ends with. Raises what it raised, or Timeout."""
        process = self._process()
        heard: list[Outcome] = []

        def hear(outcome: Outcome) -> None:
            if not heard:
                heard.append(outcome)
                self.after(0, lambda: self._resume(process))

        alarm = self.after(timeout, lambda: hear(Outcome(error=Timeout())))
        start(hear)
        try:
            self._suspend(process)
        finally:
            self.cancel(alarm)
        if heard[0].error is not None:
            raise heard[0].error
        return heard[0].value

    def _process(self) -> Process:
        assert self.running is not None, "only a process can wait"
        self._live(self.running)
        return self.running

    def _suspend(self, process: Process) -> None:
        process.leave()
        self._hub.switch()
        self._live(process)

    @staticmethod
    def _live(process: Process) -> None:
        if process.dead:
            raise Killed

    def _resume(self, process: Process) -> None:
        assert process.body is not None
        if process.body.dead:  # it was killed while it waited for this
            return
        self.running = process
        if process.environment is not self._environment:
            os.environ.update(process.environment)
            self._environment = process.environment
        process.enter()
        process.body.switch()
        self.running = None
