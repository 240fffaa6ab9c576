"""A stage for parts of the simulation: an engine, faults at given calls, and functions made for one test."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.simulator.aws import functions as module
from tests.simulator.aws.delivery import Consumer, Queue
from tests.simulator.aws.functions import Functions
from tests.simulator.boundary import Boundary
from tests.simulator.engine import Engine, Outcome, Process
from tests.simulator.faults.kinds import Kind, Planned
from tests.simulator.faults.weather import Weather

LATENCY = 1.0
Handler = Callable[[Any, object], Any]


@dataclass
class Stage:
    """`plan` is the fate of its calls, which take a second each."""

    engine: Engine
    plan: Planned
    boundary: Boundary
    functions: Functions

    @classmethod
    def of(
        cls,
        patch: pytest.MonkeyPatch,
        faults: Mapping[int, Kind] | None = None,
        *,
        handlers: Mapping[str, Handler] | None = None,
        timeouts: Mapping[str, float] | None = None,
    ) -> "Stage":
        """Each handler is also the function of its own name."""
        made = dict(handlers or {})
        patch.setattr(module, "function", made.__getitem__)
        engine, plan = Engine(), Planned(dict(faults or {}))
        boundary = Boundary(engine, plan, latency=lambda: LATENCY)
        boundary.armed = True
        commands = {name: name for name in made}
        functions = Functions(
            engine, commands=commands, environment=lambda service: {}, timeouts=dict(timeouts or {})
        )
        return cls(engine, plan, boundary, functions)

    def process(self, body: Callable[[], Any], name: str = "somebody") -> list[Outcome]:
        ended: list[Outcome] = []
        self.spawned: Process = self.engine.spawn(body, name=name, environment={}, ended=ended.append)
        return ended

    def ended(self, body: Callable[[], Any]) -> Outcome:
        """How a process with this body ends, when everything has."""
        ended = self.process(body)
        self.engine.run()
        return ended[0]

    def queue(self, handler: str, *, weather: Weather | None = None, window: int = 0) -> Queue:
        """A queue that feeds the handler, and its dead letters."""
        weather = weather or Weather()
        dead = Queue("queue.dead", self.engine, weather)
        return Queue(
            "queue", self.engine, weather, self.functions, Consumer(handler, "", window=window), dead
        )
