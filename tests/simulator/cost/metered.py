"""A simulated world in calm weather with a meter in it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from kernel.events import Envelope
from tests.simulator.aws import clients
from tests.simulator.aws.delivery import Bus, Queue
from tests.simulator.cost.capacity import MeteredDynamo
from tests.simulator.cost.deployment import Batches, Deployment
from tests.simulator.cost.meter import Lines, Meter, chunks, label
from tests.simulator.faults.kinds import Call, Kind
from tests.simulator.faults.weather import Weather
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.world import EXPRESS, SimulatedWorld

WHOLE_PAGE = 1_000_000  # items; a page of DynamoDB's is a megabyte, and the simulator's is three items
ONE_BY_ONE = Batches(1, 0)


@dataclass
class Calm(Weather):
    """A stream's or a queue's batch is looked for after `window` seconds, and has at most `most` in it.

    Each event comes `apart` seconds later than the one before it: then no two are at work at once.
    """

    most: int = 100
    window: float = 0.0
    apart: float = 0.0
    sent: int = 0

    def delay(self) -> float:
        return self.window or super().delay()

    def deliveries(self) -> list[float]:
        self.sent += 1
        return [self.sent * self.apart] if self.apart else super().deliveries()

    def batch(self, size: int) -> int:
        return min(size, self.most)


@dataclass
class Observed:
    """A fate that tells the meter of each call, and lets each of the `deaths` befall one execution."""

    deaths: int = 0
    before: str = ""
    meter: Meter | None = None

    def __call__(self, call: Call) -> Kind | None:
        if self.deaths and (call.service, call.operation) == ("execution", self.before):
            self.deaths -= 1
            return Kind.KILLED_BEFORE
        if self.meter:
            self.meter.called(call)
        return None


@dataclass(frozen=True)
class MeteredBus:
    """An event is billed for each 64 KB, and so is its way into each queue, which SQS bills."""

    bus: Bus
    meter: Meter

    def put(self, entry: Mapping[str, Any]) -> dict[str, str]:
        event = Envelope.model_validate_json(entry["Detail"])
        self.meter.caused("events", chunks(entry))
        for rule in self.bus.rules:
            if rule.wants(event):
                self.meter.add(_consumer(rule.queue), "SQS requests", chunks(entry))
        return self.bus.put(entry)


class Watched(dict[str, Any]):
    """A machine's states; `entered` hears of those that are entered and are no tasks."""

    entered: Callable[[str], None]

    def __getitem__(self, name: str) -> Any:
        state = super().__getitem__(name)
        if state["Type"] != "Task":
            self.entered(name)
        return state


@contextmanager
def metered(
    deployment: Deployment, *, alone: bool, fate: Observed, saga: str = EXPRESS
) -> Iterator[tuple[SimulatedWorld, Meter]]:
    """A world whose batches are those of the deployment, or have one event each when events come `alone`."""
    with simulated(fate=fate, weather=Calm(1, most=1, apart=1) if alone else Calm(), saga=saga) as world:
        meter = fate.meter = Meter(world.engine)
        for queue in world.queues.values():
            _batched(queue, ONE_BY_ONE if alone else deployment.batches[_consumer(queue)])
        _install(world, meter, deployment)
        yield world, meter


def _batched(queue: Queue, batches: Batches) -> None:
    assert queue.consumer is not None
    queue.weather = Calm(window=batches.window)
    queue.consumer = replace(queue.consumer, most=batches.most, window=0)  # its weather waits for all of it


def _install(world: SimulatedWorld, meter: Meter, deployment: Deployment) -> None:
    world.dynamo.PAGE = WHOLE_PAGE  # of this world only
    dynamo: Any = MeteredDynamo(world.dynamo, meter, deployment.indexes)
    world.clients = {
        **world.clients,
        "dynamodb": clients.Tables(world.boundary, dynamo),
        "events": clients.Events(world.boundary, MeteredBus(world.bus, meter)),
    }
    world.logs = Lines(meter)
    world.functions.invoked = meter.invoked
    known = world.machines.definitions
    world.machines.definitions = lambda machine: _watched(machine, known(machine), meter)


def _watched(machine: str, definition: Mapping[str, Any], meter: Meter) -> Mapping[str, Any]:
    """Each execution asks for its definition once."""
    meter.add(machine, "executions", 1)
    states = Watched(definition["States"])
    states.entered = lambda state: meter.entered(machine, state)
    return {**definition, "States": states}


def _consumer(queue: Queue) -> str:
    assert queue.consumer is not None
    return label(queue.consumer.handler, queue.consumer.service)
