"""Step Functions: executions by name, each a process that walks its machine's definition."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from tests.simulator.aws import stepper
from tests.simulator.aws.functions import Functions
from tests.simulator.aws.stepper import RUNTIME, Answered, Ended, Failed, Invoke, Wait
from tests.simulator.boundary import Boundary
from tests.simulator.engine import Engine, Killed, Outcome, Process, Timeout

KEPT = timedelta(days=90)
LARGEST = 256 * 1024
LONGEST = 900  # seconds that any function may run
REGION = "arn:aws:states:eu-west-1:123456789012"


class ExecutionAlreadyExists(ClientError):
    """The name is taken, for 90 days after the execution's end."""


class ExecutionDoesNotExist(ClientError):
    """There is no such execution, or not any more."""


class ValidationException(ClientError):
    """The name or the input is longer than it may be."""


@dataclass
class Execution:
    """`ended` tells in which state it ended, or was when it died."""

    machine: str
    name: str
    given: str
    definition: Mapping[str, Any]
    status: str = "RUNNING"
    ended_at: datetime | None = None
    ended: Ended | None = None
    process: Process | None = None
    calls: list[str] = field(default_factory=list)


class Machines:
    """`definitions` maps a machine's name to its definition, asked anew for each execution."""

    exceptions = SimpleNamespace(
        ExecutionAlreadyExists=ExecutionAlreadyExists, ExecutionDoesNotExist=ExecutionDoesNotExist
    )

    def __init__(
        self,
        engine: Engine,
        boundary: Boundary,
        functions: Functions,
        *,
        definitions: Callable[[str], Mapping[str, Any]],
    ) -> None:
        self.engine, self.boundary, self.functions = engine, boundary, functions
        self.definitions = definitions
        self.executions: dict[tuple[str, str], Execution] = {}
        self.entering: dict[str, list[Callable[[], None]]] = {}

    @staticmethod
    def arn(machine: str) -> str:
        return f"{REGION}:stateMachine:{machine}"

    def start(self, *, stateMachineArn: str, name: str, input: str) -> Any:  # noqa: N803 - as boto3
        if not 1 <= len(name) <= 80 or len(input.encode()) > LARGEST:
            raise _error(ValidationException, "StartExecution")
        machine = stateMachineArn.rpartition(":")[2]
        known = self._known(machine, name)
        if known and not (known.status == "RUNNING" and json.loads(known.given) == json.loads(input)):
            raise _error(ExecutionAlreadyExists, "StartExecution")
        if not known:
            execution = Execution(machine, name, input, self.definitions(machine))
            self.executions[machine, name] = execution
            self._run(execution, json.loads(input))
        return {"executionArn": f"{REGION}:execution:{machine}:{name}"}

    def describe(self, arn: str) -> Any:
        machine, name = arn.split(":")[-2:]
        known = self._known(machine, name)
        if known is None:
            raise _error(ExecutionDoesNotExist, "DescribeExecution")
        return {"status": known.status, "name": name}

    def redrive(self, execution: Execution) -> None:
        """RedriveExecution: goes on from the state that failed, with the input it had."""
        assert execution.status == "FAILED"
        last, execution.status, execution.ended_at = execution.ended, "RUNNING", None
        if last is None:  # it died before its first state
            self._run(execution, json.loads(execution.given))
        else:
            self._run(execution, last.given, start=last.state)

    def _known(self, machine: str, name: str) -> Execution | None:
        known = self.executions.get((machine, name))
        if known and known.ended_at and self.engine.now - known.ended_at > KEPT:
            return None
        return known

    def _run(self, execution: Execution, given: Any, start: str = "") -> None:
        seconds = execution.definition.get("TimeoutSeconds", 31_536_000)

        def over(outcome: Outcome) -> None:
            self.engine.cancel(alarm)
            execution.ended = outcome.value or execution.ended
            execution.status = outcome.value.status if outcome.value else "FAILED"
            execution.ended_at = self.engine.now

        execution.process = self.engine.spawn(
            lambda: self._walk(execution, given, start),
            name=f"{execution.machine}:{execution.name}",
            environment={},
            ended=over,
        )
        alarm = self.engine.after(seconds, lambda: self.abort(execution))

    def abort(self, execution: Execution) -> None:
        """TIMED_OUT or ABORTED: no state of it can catch that. What it has called goes on."""
        if execution.status == "RUNNING" and execution.process:
            self.engine.kill(execution.process)

    def _walk(self, execution: Execution, given: Any, start: str) -> Ended:
        def jitter(most: float) -> float:
            return self.engine.random.uniform(0, most)

        steps = stepper.run(execution.definition, given, jitter=jitter, start=start)
        said: Answered | Failed | None = None
        try:
            while True:
                said = self._said(execution, steps.send(said))
        except StopIteration as end:
            return end.value
        except Killed:
            execution.ended = _stopped(steps)
            raise

    def _said(self, execution: Execution, step: Invoke | Wait) -> Answered | Failed | None:
        if isinstance(step, Invoke):
            return self._task(execution, step)
        self.engine.sleep(step.seconds)
        return None

    def _task(self, execution: Execution, step: Invoke) -> Answered | Failed:
        """One attempt of a task, which is a call of Step Functions to Lambda."""
        self.boundary.call("execution", step.state, lambda: None)
        for act in self.entering.pop(step.state, []):
            act()
        execution.calls.append(step.state)
        try:
            return self.engine.wait(lambda ended: self._attempt(execution, step, ended), timeout=step.timeout)
        except Timeout:
            return Failed("States.Timeout")

    def _attempt(self, execution: Execution, step: Invoke, ended: Callable[[Outcome], None]) -> None:
        def invoke() -> Answered | Failed:
            name = step.resource.rpartition(":")[2]
            answer = self.functions.ask(name, step.payload, patience=LONGEST)
            if answer.error:
                return Failed(answer.error, json.dumps(answer.payload))
            return Answered(answer.payload)

        def body() -> Answered | Failed:
            try:
                return self.boundary.call("lambda", "Step", invoke)
            except (ClientError, OSError) as error:
                return Failed(f"Lambda.{_code(error)}")
            except Killed:
                return Failed("Lambda.Unknown")

        self.engine.spawn(body, name=f"{execution.machine}:{step.state}", environment={}, ended=ended)


def _stopped(steps: stepper.Execution) -> Ended:
    """Where it was: what no state can catch ends it there."""
    try:
        while True:
            steps.send(Failed(RUNTIME))
    except StopIteration as end:
        return end.value


def _code(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else "Unknown"


def _error(kind: type[ClientError], operation: str) -> ClientError:
    response: Any = {"Error": {"Code": kind.__name__, "Message": kind.__name__}}
    return kind(response, operation)
