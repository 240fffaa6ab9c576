"""Counts, by function, what AWS would bill, and the calls of the SDK and of the processor, which are free."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from tests.simulator.cost.prices import ENVELOPE
from tests.simulator.engine import Engine
from tests.simulator.faults.kinds import Call

CHUNK = 64 * 1024  # of an event, and of an SQS message
BATCH = 10  # messages of one SQS request


def label(handler: str, service: str = "") -> str:
    """The name of a function's process: the relay's function has one for each service."""
    return f"{service}:{handler}" if service else handler


def is_machine(name: str) -> bool:
    """Functions are named by their handlers, and no handler has a capital letter in front."""
    return name[:1].isupper()


def chunks(entry: Mapping[str, str]) -> int:
    """Events that an entry of PutEvents is billed as."""
    return ceil(sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail")) / CHUNK)


@dataclass
class Meter:
    """`counts` by function and unit, and the `steps` of machines by machine and state, retries included."""

    engine: Engine
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    steps: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, function: str, unit: str, count: float) -> None:
        self.counts[function, unit] += count  # type: ignore[assignment] # half a unit is one, too

    def caused(self, unit: str, count: float) -> None:
        """By the function that runs; what somebody outside does is not billed."""
        if self.engine.running is not None:
            self.add(self.engine.running.name, unit, count)

    def clear(self) -> None:
        self.counts.clear()
        self.steps.clear()

    def kept(self) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
        return self.counts.copy(), self.steps.copy()

    def back_to(self, kept: tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]) -> None:
        self.counts, self.steps = kept

    # What the world tells

    def called(self, call: Call) -> None:
        """Every call that leaves a process. An attempt of a task is a state entered, and its call is free."""
        if call.service == "execution":
            self.entered(call.caller.partition(":")[0], call.operation)
        elif call.service == "processor":
            self.add(call.caller, "processor calls", 1)
        elif not is_machine(call.caller):
            self.add(call.caller, "SDK calls", 1)
            if call.service == "dynamodb":
                self.add(call.caller, call.operation, 1)

    def entered(self, machine: str, state: str) -> None:
        self.add(machine, "states", 1)
        self.steps[machine, state] += 1

    def invoked(self, function: str, event: Any) -> None:
        """An invocation, with the request at the gateway or the batch of messages that it comes from."""
        self.add(function, "Lambda requests", 1)
        if "httpMethod" in event:
            self.add(function, "API requests", 1)
        if messages := [one for one in event.get("Records", ()) if "messageId" in one]:
            self.add(function, "SQS requests", 2 * ceil(len(messages) / BATCH))  # received, then deleted

    def logged(self, line: Mapping[str, Any]) -> None:
        """How long it took differs from run to run, so every line has two digits for it."""
        self.caused("log bytes", len(json.dumps({**line, "milliseconds": 10}, default=str)) + ENVELOPE)


class Lines(list[Any]):
    """The world's log, which tells the meter of each line."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self._meter = meter

    def append(self, line: Any) -> None:
        self._meter.logged(line)
        super().append(line)
