"""The simulator sets every variable for every function. None reads one that its template does not set."""

import os
from collections import defaultdict

import pytest

from tests.infrastructure.synthesis import Assembly
from tests.simulator.faults.kinds import Planned
from tests.simulator.plays.playing import Troubled, played
from tests.simulator.plays.scenarios import SCENARIOS
from tests.simulator.settle.interpreter import simulated


def known() -> set[str]:
    with simulated() as world:
        return {*world.common, "SERVICE", "TABLE", "BUS"}


def reads(scenario: str, patch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The environment variables that each process of the scenario has read."""
    found: dict[str, set[str]] = defaultdict(set)
    troubled = Troubled(SCENARIOS[scenario].troubles, Planned())
    kind = type(os.environ)
    look_up = kind.__getitem__

    def looked_up(environment: "os._Environ[str]", name: str) -> str:
        if troubled.engine and troubled.engine.running:
            found[troubled.engine.running.name].add(name)
        return look_up(environment, name)

    patch.setattr(kind, "__getitem__", looked_up)
    played(SCENARIOS[scenario], troubled)
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_function_reads_a_variable_that_its_template_does_not_set(
    cloud_assembly: Assembly, monkeypatch: pytest.MonkeyPatch, scenario: str
) -> None:
    variables = {
        (function["Environment"]["Variables"]["SERVICE"], function["Handler"]): function["Environment"]
        for _, _, function in cloud_assembly.resources("AWS::Lambda::Function")
    }
    wanted = known()
    seen = 0
    for process, read in reads(scenario, monkeypatch).items():
        service, _, handler = process.rpartition(":")
        function = service or handler.partition(".")[0], handler
        if function in variables:
            assert read & wanted <= set(variables[function]["Variables"]), process
            seen += len(read & wanted)
    assert seen > 10
