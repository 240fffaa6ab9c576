"""Executions of Step Functions as data: where each is follows from the answers that it has heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from tests.simulator.aws import stepper
from tests.simulator.aws.stepper import RUNTIME, Answered, Ended, Failed, Invoke, Wait
from tests.simulator.engine import Process
from tests.simulator.faults.weather import Weather

# What comes of a step: an answer, an error, or nothing for a wait and for the beginning.
Said = Answered | Failed | None


@dataclass
class Execution:
    """`ended` tells the state in which it ended or died. `run` is there while it is under way."""

    machine: str
    name: str
    given: str
    definition: Mapping[str, Any]
    status: str = "RUNNING"
    ended_at: datetime | None = None
    ended: Ended | None = None
    run: "Run | None" = None
    alarm: list[Any] = field(default_factory=lambda: [None, None, None])
    calls: list[str] = field(default_factory=list)


@dataclass
class Run:
    """An execution under way, from the state `start` where that is given.

    `heard` are the answers to its steps so far. Its steps follow from them, so it can be pickled.
    """

    definition: Mapping[str, Any]
    given: Any
    start: str
    weather: Weather
    heard: list[Said] = field(default_factory=list)
    entering: Process | None = None
    _steps: stepper.Execution | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_steps": None}

    def send(self, said: Said) -> Invoke | Wait:
        """The next step. Raises StopIteration with the end."""
        steps = self._going_on()
        self.heard.append(said)
        return steps.send(said)

    def stopped(self) -> Ended | None:
        """Where it is: what no state can catch ends it there. None before its first state."""
        if not self.heard:
            return None
        steps = self._going_on()
        try:
            while True:
                steps.send(Failed(RUNTIME))
        except StopIteration as end:
            return end.value

    def _going_on(self) -> stepper.Execution:
        if self._steps is None:
            jitter = partial(self.weather.uniform, 0)
            self._steps = stepper.run(self.definition, self.given, jitter=jitter, start=self.start)
            for said in self.heard:
                self._steps.send(said)
        return self._steps
