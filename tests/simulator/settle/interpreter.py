"""This interpreter as the world's Lambda: shipped code runs in it, and finds the world where AWS would be.

    with simulated(fate=Planned({7: Kind.LOST})) as world:
        ...

Everything in that world follows from its fate, its weather and what is asked of it.
"""

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest

from acquirer import transport as webhook
from kernel import aws, identity, retries
from kernel.triggers import observability
from payments import transport
from tests.simulator.faults.kinds import Fate, Planned
from tests.simulator.faults.weather import Weather
from tests.simulator.settle.world import EXPRESS, SimulatedWorld
from tests.support import circuits

SHIPPED = (
    "acquirer",
    "catalog",
    "checkout",
    "customers",
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
    *, fate: Fate | None = None, weather: Weather | None = None, saga: str = EXPRESS
) -> Iterator[SimulatedWorld]:
    """A new world in which this interpreter's code runs, until the end of the block."""
    world = SimulatedWorld(fate=fate or Planned(), weather=weather or Weather(), saga=saga)
    with inhabited(world):
        yield world


@contextmanager
def inhabited(world: SimulatedWorld) -> Iterator[None]:
    """Shipped code finds this world where AWS would be, until the end of the block."""
    with pytest.MonkeyPatch.context() as patch, _restored(dict(os.environ)):
        patch.setattr(aws, "session", lambda: _Session(world))
        patch.setattr(
            aws, "Config", SimpleNamespace
        )  # botocore's takes long to make, and nobody reads it here
        patch.setattr(identity, "now", lambda: world.engine.now)
        patch.setattr(identity, "pause", world.engine.sleep)
        patch.setattr(identity, "random_bytes", world.random_bytes)
        patch.setattr(retries, "random", world.weather)
        patch.setattr(transport, "_connections", lambda: world.connections)
        patch.setattr(webhook, "_connections", lambda: world.merchant)
        patch.setattr(observability, "logger", lambda: Log(world.logs))
        patch.setattr(observability, "single_metric", _counter(world.metrics))
        patch.setattr(observability, "traceback", UNTRACED)
        circuits.install(patch, world.counters, owner=world.prober)
        circuits.silence(patch)
        os.environ.update(world.common)
        yield


@contextmanager
def _restored(environment: Mapping[str, str]) -> Iterator[None]:
    """What one world made or set is not there in the next, however the block ends."""
    _forget()
    try:
        yield
    finally:
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment.items() - os.environ.items())
        _forget()


@dataclass
class Log:
    lines: list[Any]

    def info(self, line: Any) -> None:
        self.lines.append(line)

    error = info


@dataclass(frozen=True)
class _Session:
    """Stands where botocore's session does."""

    world: SimulatedWorld

    def create_client(self, service: str, **_: Any) -> object:
        return self.world.clients[service]


def _counter(metrics: list[tuple[str, str]]) -> Callable[..., Any]:
    @contextmanager
    def single_metric(*, name: str, **_: Any) -> Iterator[Any]:
        metrics.append((os.environ.get("SERVICE", ""), name))
        yield SimpleNamespace(add_dimension=lambda **_: None)

    return single_metric


def _forget() -> None:
    for cached in _caches().values():
        cached.cache_clear()


def warm() -> tuple[str, ...]:
    """Cached functions without parameters that were called: who is warm does not ask for its secret again."""
    singles = _singles_among(len(sys.modules))
    return tuple(name for name, cached in singles.items() if cached.cache_info().currsize)


def warm_up(world: SimulatedWorld, names: Sequence[str]) -> None:
    """Calls them as the functions of their services would."""
    for name in names:
        os.environ.update(world.functions.environment(name.partition(".")[0]))
        _caches()[name]()


def _caches() -> Mapping[str, Any]:
    """Every cached factory of what ships, by its name: what it made belongs to another world."""
    return _cached_among(len(sys.modules))


@lru_cache(maxsize=1)
def _cached_among(loaded: int) -> Mapping[str, Any]:
    """`loaded` modules: more of them may hold more factories."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in SHIPPED]
    values = chain.from_iterable(vars(module).values() for module in modules)
    return {
        f"{value.__module__}.{value.__qualname__}": value for value in values if hasattr(value, "cache_clear")
    }


@lru_cache(maxsize=1)
def _singles_among(loaded: int) -> Mapping[str, Any]:
    """Those of them that have no parameters."""
    cached = _cached_among(loaded).items()
    return {name: value for name, value in cached if not inspect.signature(value).parameters}
