"""Powertools' circuit breaker as the tests have it: on their clock, with counters that end with the test."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace

import pytest
from aws_lambda_powertools.utilities.circuit_breaker import CircuitState, base
from aws_lambda_powertools.utilities.circuit_breaker.persistence import base as layer
from aws_lambda_powertools.utilities.circuit_breaker.persistence import dynamodb

from kernel import identity
from payments import circuit


def _now() -> datetime:
    """As `identity.now` is at that moment, which a test may have replaced."""
    return identity.now()


CLOCK = SimpleNamespace(datetime=SimpleNamespace(now=_now))


@dataclass
class Counters:
    """What one execution environment remembers of its circuits."""

    failures: dict[str, int] = field(default_factory=dict)
    successes: dict[str, int] = field(default_factory=dict)
    observed: dict[str, CircuitState] = field(default_factory=dict)

    def counting(self) -> list[Mapping[str, object]]:
        """What differs from a new environment: Powertools writes zeros, and has none at first."""
        observed = {name: state for name, state in self.observed.items() if state != CircuitState.CLOSED}
        counted = [{name: n for name, n in one.items() if n} for one in (self.failures, self.successes)]
        return [*counted, observed]


def install(patch: pytest.MonkeyPatch, counters: Counters, *, owner: Callable[[], str]) -> None:
    """The breaker runs in the environment of these counters, and claims a try in `owner`'s name."""
    for module in (base, layer, dynamodb):
        patch.setattr(module, "dt", CLOCK)
    patch.setattr(base, "_LOCAL_FAILURES", counters.failures)
    patch.setattr(base, "_LOCAL_SUCCESSES", counters.successes)
    patch.setattr(base, "_LAST_OBSERVED_STATE", counters.observed)
    patch.setattr(base, "_probe_owner_id", owner)
    circuit.trust()


def silence(patch: pytest.MonkeyPatch) -> None:
    """A trace in the log for each table that fails costs as much as a play, and nobody reads it."""
    unheard = SimpleNamespace(debug=lambda *_, **__: None, warning=lambda *_, **__: None)
    for module in (base, layer):
        patch.setattr(module, "logger", unheard)
