"""This interpreter as the world's Lambda: shipped code runs in it, and finds the world where AWS would be.

    with simulated(seed=1, fate=Planned({7: Kind.LOST})) as world:
        ...

Everything in that world follows from the seed, the fate and what is asked of it.
"""

import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from kernel import identity
from kernel.triggers import observability
from payments import transport
from tests.simulator.faults.kinds import Fate, Planned
from tests.simulator.faults.weather import Weather
from tests.simulator.settle.world import SimulatedWorld

SHIPPED = (
    "acquirer",
    "catalog",
    "checkout",
    "inventory",
    "kernel",
    "operations",
    "orders",
    "payments",
    "storefront",
)

# A trace costs as much as a whole invocation, and nobody reads it here.
UNTRACED = SimpleNamespace(format_tb=lambda trace: ["..."])


@contextmanager
def simulated(
    *, seed: int = 1, fate: Fate | None = None, weather: Weather | None = None
) -> Iterator[SimulatedWorld]:
    """A world in which this interpreter's code runs, until the end of the block."""
    world = SimulatedWorld(seed=seed, fate=fate or Planned(), weather=weather or Weather())
    chance, before = random.getstate(), dict(os.environ)
    random.seed(seed)
    with pytest.MonkeyPatch.context() as patch, _restored(chance, before):
        made = world.clients
        patch.setattr(boto3, "client", lambda name, **_: made[name])
        patch.setattr(identity, "now", lambda: world.engine.now)
        patch.setattr(identity, "pause", world.engine.sleep)
        patch.setattr(transport, "_connections", lambda: world.connections)
        patch.setattr(observability, "logger", lambda: Log(world.logs))
        patch.setattr(observability, "single_metric", _counter(world.metrics))
        patch.setattr(observability, "traceback", UNTRACED)
        os.environ.update(world.common)
        yield world


@contextmanager
def _restored(chance: Any, environment: Mapping[str, str]) -> Iterator[None]:
    """What one world made, set or drew is not there in the next, however the block ends."""
    _forget()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        random.setstate(chance)
        _forget()


@dataclass
class Log:
    lines: list[Any]

    def info(self, line: Any) -> None:
        self.lines.append(line)

    error = info


def _counter(metrics: list[tuple[str, str]]) -> Callable[..., Any]:
    @contextmanager
    def single_metric(*, name: str, **_: Any) -> Iterator[Any]:
        metrics.append((os.environ.get("SERVICE", ""), name))
        yield SimpleNamespace(add_dimension=lambda **_: None)

    return single_metric


def _forget() -> None:
    for cached in _caches():
        cached.cache_clear()


def _caches() -> Sequence[Any]:
    """Every cached factory of what ships: what it made belongs to another world."""
    return _cached_in(tuple(name for name in sys.modules if name.partition(".")[0] in SHIPPED))


@lru_cache(maxsize=1)
def _cached_in(names: tuple[str, ...]) -> Sequence[Any]:
    modules = [sys.modules[name] for name in names]
    values = chain.from_iterable(vars(module).values() for module in modules)
    found = {id(value): value for value in values if hasattr(value, "cache_clear")}
    return list(found.values())
