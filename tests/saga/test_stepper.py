"""The simulator's interpreter of the saga does what moto's does.

Calls, payloads, waits and the end are compared. A jittered wait takes half of its longest time, so that both
the interval and the jitter show.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import count
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.common.retry import jitter_strategy_decl, retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker, SyncExecutionWorker

from tests.conftest import MOTO
from tests.saga.scripts import CASES, GIVEN, MACHINES, TIMEOUT, Player, Script, cause, scripts, stepped
from tests.support.state_machines import ROLE

End = tuple[str, Any, str, str]


class Moto:
    """Moto's interpreter, one execution at a time, with a player in place of Lambda and of its clock."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.client = boto3.client("stepfunctions")
        self.arns: dict[str, str] = {}
        self.names = count()
        patch.setattr(ExecutionWorker, "start", SyncExecutionWorker.start)
        patch.setattr(lambda_eval_utils, "_invoke_lambda_function", self._invoke)
        patch.setattr(retrier_decl, "time", SimpleNamespace(sleep=self._wait))
        patch.setattr(jitter_strategy_decl, "random", SimpleNamespace(uniform=lambda low, high: high / 2))

    def _invoke(self, parameters: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        resource = parameters["FunctionName"]
        error = self.player.called(resource, json.loads(parameters["Payload"]))
        if error == TIMEOUT:
            raise TimeoutError
        if error:
            return {"FunctionError": "Unhandled", "Payload": json.loads(cause(error))}
        return {"Payload": {"from": resource}}

    def _wait(self, seconds: float) -> None:
        self.player.waits(seconds)

    def play(self, name: str, player: Player) -> End:
        self.player = player
        if name not in self.arns:
            machine = json.dumps(MACHINES[name])
            created = self.client.create_state_machine(name=name, definition=machine, roleArn=ROLE)
            self.arns[name] = created["stateMachineArn"]
        started = self.client.start_execution(
            stateMachineArn=self.arns[name], name=str(next(self.names)), input=json.dumps(GIVEN[name])
        )
        end = self.client.describe_execution(executionArn=started["executionArn"])
        output = json.loads(end["output"]) if "output" in end else None
        return end["status"], output, end.get("error", ""), end.get("cause", "")


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with mock_aws(config=MOTO), pytest.MonkeyPatch.context() as patch:
        yield Moto(patch)


@pytest.mark.parametrize("case", CASES)
def test_both_interpreters_do_the_same(moto: Moto, case: str) -> None:
    name, script = CASES[case]
    expected, found = Player(script), Player(script)
    end = moto.play(name, expected)
    ended = stepped(MACHINES[name], GIVEN[name], found)
    assert found.seen == expected.seen
    assert (ended.status, ended.output, ended.error, ended.cause) == end


def edges(machine: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Every Next and End, every Retry and every Catch, by state and place."""
    for name, state in machine["States"].items():
        yield from ((name, key, 0) for key in ("Next", "End") if key in state)
        yield from (
            (name, key, place) for key in ("Retry", "Catch") for place in range(len(state.get(key, [])))
        )


def elsewhere(machine: Mapping[str, Any], name: str, key: str, place: int) -> dict[str, Any]:
    """The same machine, but that edge leads nowhere, or that retry has one attempt more."""
    other = deepcopy({**machine, "States": {**machine["States"], "Nowhere": {"Type": "Fail"}}})
    state = other["States"][name]
    match key:
        case "Retry":
            state[key][place]["MaxAttempts"] = state[key][place].get("MaxAttempts", 3) + 1
        case "Catch":
            state[key][place]["Next"] = "Nowhere"
        case _:
            del state[key]
            state["Next"] = "Nowhere"
    return other


EDGES = {
    f"{name} {state} {key} {place}": (name, (state, key, place))
    for name, machine in MACHINES.items()
    for state, key, place in edges(machine)
}


@pytest.mark.parametrize("edge", EDGES)
def test_the_scripts_take_every_edge(edge: str) -> None:
    name, (state, key, place) = EDGES[edge]
    changed = elsewhere(MACHINES[name], state, key, place)

    def differ(script: Script) -> bool:
        before, after = Player(script), Player(script)
        ends = stepped(MACHINES[name], GIVEN[name], before), stepped(changed, GIVEN[name], after)
        return ends[0] != ends[1] or before.seen != after.seen

    assert any(differ(script) for script in scripts(MACHINES[name]))
