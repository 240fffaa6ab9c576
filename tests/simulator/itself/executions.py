"""A machine of two tasks whose functions do what a test wants, and its executions."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.simulator.aws.executions import Execution
from tests.simulator.aws.machines import Machines
from tests.simulator.faults.kinds import Kind
from tests.simulator.faults.weather import Weather
from tests.simulator.itself.stage import Handler, Stage

TASK = {"Type": "Task", "TimeoutSeconds": 15, "ResultPath": None}
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Caught"}]
MACHINE: Mapping[str, Any] = {
    "StartAt": "First",
    "TimeoutSeconds": 100,
    "States": {
        "First": {**TASK, "Resource": "arn:aws:lambda:::first", "ResultPath": "$.first", "Next": "Second"},
        "Second": {**TASK, "Resource": "arn:aws:lambda:::second", "Catch": CATCH, "End": True},
        "Caught": {"Type": "Succeed"},
    },
}

HAND_OVER: Mapping[str, Any] = {
    "StartAt": "Start",
    "States": {
        "Start": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "TimeoutSeconds": 10,
            "Parameters": {
                "StateMachineArn": Machines.arn("m"),
                "Name": "o-r",
                "Input": {"n": 1, "kept": {"order.$": "$.order"}},
            },
            "ResultPath": None,
            "Catch": [{"ErrorEquals": ["StepFunctions.ExecutionAlreadyExistsException"], "Next": "There"}],
            "End": True,
        },
        "There": {"Type": "Succeed"},
    },
}


class Played:
    """Executions of the machine; `seen` is when each function had its effect, and what it was given."""

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        faults: Mapping[int, Kind] | None = None,
        *,
        timeout: float = 900,
        express: bool = False,
        **does: Callable[[], object],
    ) -> None:
        self.seen: list[tuple[str, float, Any]] = []
        self.does = does
        handlers = {name: self.handler(name) for name in ("first", "second")}
        timeouts = dict.fromkeys(handlers, timeout)
        self.stage = Stage.of(patch, faults, handlers=handlers, timeouts=timeouts)
        self.engine = self.stage.engine
        parts = self.engine, self.stage.boundary, self.stage.functions, Weather()
        self.definitions: dict[str, Mapping[str, Any]] = {"m": MACHINE}
        self.machines = Machines(
            *parts, definitions=self.definitions.__getitem__, express=("m",) if express else ()
        )

    def handler(self, name: str) -> Handler:
        def handle(event: Any, context: object) -> str:
            self.does.get(name, lambda: None)()
            self.seen.append((name, round(self.engine.elapsed), event))
            return f"{name} done"

        return handle

    def start(self, given: Any = None, *, name: str = "one") -> Any:
        text = json.dumps({"n": 1} if given is None else given)
        return self.machines.start(stateMachineArn=Machines.arn("m"), name=name, input=text)

    def started_by(self, definition: Mapping[str, Any]) -> None:
        """Plays an execution of a machine that starts executions of this one."""
        self.definitions["starter"] = definition
        name = f"starter-{len(self.machines.executions)}"
        self.machines.start(stateMachineArn=Machines.arn("starter"), name=name, input='{"order": "o"}')
        self.engine.run()

    def played(self) -> Execution:
        self.start()
        self.engine.run()
        return self.execution

    @property
    def execution(self) -> Execution:
        return self.machines.executions[-1]

    @property
    def called(self) -> list[str]:
        return [name for name, *_ in self.seen]

    def status(self) -> str:
        return self.execution.status
