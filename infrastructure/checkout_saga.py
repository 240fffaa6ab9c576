"""Owns the two state machines that are made of the one saga file: the whole checkout, and its repair."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure.function import ServiceFunction, expiring_log
from infrastructure.monitoring import MINUTES, alarm, alarm_text
from infrastructure.platform import Platform

SAGA = Path(__file__).parent / "checkout_saga.asl.json"
UNDO = "FenceOrder"

Definition = dict[str, Any]


class CheckoutSaga(Construct):
    """`checkout` runs a new order. `repair` runs the undo lane of an order whose execution died.

    `tasks` maps a state's name to its function. A machine may invoke the functions of its own states only.
    """

    def __init__(self, scope: Construct, *, platform: Platform, tasks: Mapping[str, ServiceFunction]) -> None:
        super().__init__(scope, "Saga")
        self.platform, self.tasks = platform, tasks
        text = SAGA.read_text()
        self.log = expiring_log(self, "Log")
        self.checkout = self._machine("CheckoutSaga", text)
        self.repair = self._machine(
            "CheckoutRepair", json.dumps(starting_at(UNDO, json.loads(text)), indent=2)
        )

    def _machine(self, id: str, text: str) -> sfn.StateMachine:
        named = sorted(set(re.findall(r"\$\{(\w+)Arn\}", text)))
        machine = sfn.StateMachine(
            self,
            id,
            definition_body=sfn.DefinitionBody.from_string(text),
            definition_substitutions={f"{task}Arn": self.tasks[task].function_arn for task in named},
            logs=sfn.LogOptions(destination=self.log, level=sfn.LogLevel.ERROR, include_execution_data=False),
            tracing_enabled=False,
        )
        arns = [self.tasks[task].function_arn for task in named]
        machine.add_to_role_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=arns))
        ends = {
            "Failed": machine.metric_failed,
            "TimedOut": machine.metric_timed_out,
            "Aborted": machine.metric_aborted,
        }
        for end, metric in ends.items():
            says = alarm_text(
                "failed-executions", f"{end} executions of {id}: the sweep repairs their orders."
            )
            alarm(Construct(machine, end), metric(period=MINUTES), platform=self.platform, says=says)
        CfnOutput(Stack.of(self), f"{id}Arn", value=machine.state_machine_arn)
        return machine


def starting_at(first: str, definition: Definition) -> Definition:
    """The machine that starts at the state `first`, without the states that cannot be reached from there."""
    states = definition["States"]
    reached: list[str] = []
    ahead = [first]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.append(name)
            ahead.extend(_next(states[name]))
    kept = {name: state for name, state in states.items() if name in reached}
    return {**definition, "StartAt": first, "States": kept}


def _next(state: Definition) -> Iterator[str]:
    edges = [state, *state.get("Catch", []), *state.get("Choices", [])]
    yield from (edge["Next"] for edge in edges if "Next" in edge)
    if "Default" in state:
        yield state["Default"]
