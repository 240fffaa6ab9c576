"""Step Functions: executions by name, each a walk through its machine's definition."""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from tests.simulator.aws.executions import Execution, Run, Said
from tests.simulator.aws.functions import Functions
from tests.simulator.aws.stepper import Answered, Ended, Failed, Invoke, Wait
from tests.simulator.boundary import Boundary
from tests.simulator.engine import Engine, Killed, Outcome
from tests.simulator.faults.weather import Weather

KEPT = timedelta(days=90)
LARGEST = 256 * 1024
LONGEST = 900  # seconds that any function may run
REGION = "arn:aws:states:eu-west-1:123456789012"


class ExecutionAlreadyExists(ClientError):
    """The name is taken, for 90 days after the execution's end."""


class ValidationException(ClientError):
    """The name or the input is longer than it may be."""


class Machines:
    """`definitions` maps a machine's name to its definition, asked anew for each execution.

    A Standard machine runs each name once. The machines of `express` run a name as often as it is started,
    also at once.
    """

    exceptions = SimpleNamespace(ExecutionAlreadyExists=ExecutionAlreadyExists)

    def __init__(
        self,
        engine: Engine,
        boundary: Boundary,
        functions: Functions,
        weather: Weather,
        *,
        definitions: Callable[[str], Mapping[str, Any]],
        express: Collection[str] = (),
    ) -> None:
        self.engine, self.boundary, self.functions, self.weather = engine, boundary, functions, weather
        self.definitions, self.express = definitions, express
        self.executions: list[Execution] = []
        self.entering: dict[str, list[Callable[[], None]]] = {}

    @staticmethod
    def arn(machine: str) -> str:
        return f"{REGION}:stateMachine:{machine}"

    def start(self, *, stateMachineArn: str, name: str, input: str) -> Any:  # noqa: N803 - as boto3
        if not 1 <= len(name) <= 80 or len(input.encode()) > LARGEST:
            raise _error(ValidationException, "StartExecution")
        machine = stateMachineArn.rpartition(":")[2]
        known = None if machine in self.express else self._known(machine, name)
        if known and not (known.status == "RUNNING" and json.loads(known.given) == json.loads(input)):
            raise _error(ExecutionAlreadyExists, "StartExecution")
        if not known:
            execution = Execution(machine, name, input, self.definitions(machine))
            self.executions.append(execution)
            self._run(execution, json.loads(input))
        return self.accept(stateMachineArn=stateMachineArn, name=name)

    @staticmethod
    def accept(*, stateMachineArn: str, name: str, **_: Any) -> Any:  # noqa: N803 - as boto3
        """The answer to a start. An Express execution may be accepted and never run."""
        return {"executionArn": f"{stateMachineArn.replace(':stateMachine:', ':execution:')}:{name}"}

    def redrive(self, execution: Execution) -> None:
        """RedriveExecution: goes on from the state that failed, with the input it had."""
        assert self.may_redrive(execution)
        last, execution.status, execution.ended_at = execution.ended, "RUNNING", None
        if last is None:  # it died before its first state
            self._run(execution, json.loads(execution.given))
        else:
            self._run(execution, last.given, start=last.state)

    def may_redrive(self, execution: Execution) -> bool:
        return execution.status == "FAILED" and execution.machine not in self.express

    def _known(self, machine: str, name: str) -> Execution | None:
        """The latest Standard execution of that name, if the name is still taken."""
        named = [one for one in self.executions if (one.machine, one.name) == (machine, name)]
        known = named[-1] if named else None
        if known and known.ended_at and self.engine.now - known.ended_at > KEPT:
            return None
        return known

    def _run(self, execution: Execution, given: Any, start: str = "") -> None:
        seconds = execution.definition.get("TimeoutSeconds", 31_536_000)
        run = execution.run = Run(execution.definition, given, start, self.weather)
        execution.alarm = self.engine.after(seconds, partial(self.abort, execution))
        self.engine.after(0, partial(self._step, execution, run, None))

    def abort(self, execution: Execution) -> None:
        """TIMED_OUT or ABORTED: no state of it can catch that. What it has called goes on."""
        if execution.run:
            if execution.run.entering:
                self.engine.kill(execution.run.entering)
            self._over(execution, execution.run.stopped())

    def _over(self, execution: Execution, ended: Ended | None) -> None:
        self.engine.cancel(execution.alarm)
        execution.run, execution.ended = None, ended or execution.ended
        execution.status = ended.status if ended else "FAILED"
        execution.ended_at = self.engine.now

    def _step(self, execution: Execution, run: "Run", said: Said) -> None:
        """Goes on with what came of the step before, unless it was aborted meanwhile."""
        if execution.run is not run:
            return
        try:
            step = run.send(said)
        except StopIteration as end:
            self._over(execution, end.value)
            return
        if isinstance(step, Wait):
            self.engine.after(step.seconds, partial(self._step, execution, run, None))
        else:
            self._enter(execution, run, step)

    def _enter(self, execution: Execution, run: "Run", step: Invoke) -> None:
        """One attempt of a task; the execution may die before it."""

        def entered(outcome: Outcome) -> None:
            run.entering = None
            if execution.run is not run:
                return
            if outcome.error:
                self._over(execution, run.stopped())
                return
            for act in self.entering.pop(step.state, []):
                act()
            execution.calls.append(step.state)
            self._attempt(execution, run, step)

        run.entering = self.engine.spawn(
            lambda: self.boundary.call("execution", step.state, lambda: None),
            name=f"{execution.machine}:{execution.name}",
            environment={},
            ended=entered,
        )

    def _attempt(self, execution: Execution, run: "Run", step: Invoke) -> None:
        """A call of Step Functions to Lambda, which is over after the task's time or by its answer."""
        told: list[Said] = []

        def tell(said: Said) -> None:
            if not told:
                told.append(said)
                self.engine.cancel(alarm)
                self._step(execution, run, said)

        def body() -> Answered | Failed:
            try:
                return self._called(step)
            except (ClientError, OSError) as error:
                return Failed(step.named(_code(error)))
            except Killed:
                return Failed(step.named("Unknown"))

        def answered(outcome: Outcome) -> None:
            if outcome.error:  # the world's own failure: no function's
                raise outcome.error
            tell(outcome.value)

        alarm = self.engine.after(step.timeout, lambda: tell(Failed("States.Timeout")))
        self.engine.spawn(
            body,
            name=f"{execution.machine}:{step.state}",
            environment={},
            ended=answered,
        )

    def _called(self, step: Invoke) -> Answered | Failed:
        """What a function answered, or that another execution was started."""
        if not step.starts_execution:
            return self.boundary.call("lambda", "Step", partial(self._invoked, step))
        given = step.payload
        start = partial(
            self.start,
            stateMachineArn=given["StateMachineArn"],
            name=given["Name"],
            input=json.dumps(given["Input"]),
        )
        return Answered(self.boundary.call("states", "StartExecution", start))

    def _invoked(self, step: Invoke) -> Answered | Failed:
        name = step.resource.rpartition(":")[2]
        answer = self.functions.ask(name, step.payload, patience=LONGEST)
        if answer.error:
            return Failed(answer.error, json.dumps(answer.payload))
        return Answered(answer.payload)


def _code(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else "Unknown"


def _error(kind: type[ClientError], operation: str) -> ClientError:
    response: Any = {"Error": {"Code": kind.__name__, "Message": kind.__name__}}
    return kind(response, operation)
