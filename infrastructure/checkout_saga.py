"""Owns the state machines: the checkout as an Express and as a Standard machine, and its repair."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure.function import ServiceFunction, expiring_log
from infrastructure.monitoring import MINUTES, alarm, alarm_text
from infrastructure.platform import Platform

FOLDER = Path(__file__).parent
EXPRESS, STANDARD = sfn.StateMachineType.EXPRESS, sfn.StateMachineType.STANDARD


class CheckoutSaga(Construct):
    """`checkout` runs new orders: the machine of the given `kind`. `repair` undoes what is stuck.

    The machine of the other kind is kept without new executions. Deleting it when the kind is switched would
    end the executions that it still has. An idle machine costs nothing.
    `tasks` maps a state's name to its function. A machine may invoke the functions of its own states only.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        platform: Platform,
        tasks: Mapping[str, ServiceFunction],
        kind: Literal["express", "standard"],
    ) -> None:
        super().__init__(scope, "Saga")
        self.platform = platform
        self.arns = {f"{task}Arn": function.function_arn for task, function in tasks.items()}
        self.log = expiring_log(self, "Log")
        self.repair = self._machine("CheckoutRepair", "checkout_repair", STANDARD)
        self.arns["CheckoutRepairArn"] = self.repair.state_machine_arn
        kinds = {
            "standard": self._machine("CheckoutSaga", "checkout_saga", STANDARD),
            "express": self._machine("ExpressCheckoutSaga", "checkout_saga", EXPRESS),
        }
        for machine in kinds.values():
            self.repair.grant_start_execution(machine)
        self.checkout = kinds[kind]
        for id, machine in {"CheckoutSaga": self.checkout, "CheckoutRepair": self.repair}.items():
            self._watch(id, machine)

        CfnOutput(Stack.of(self), "CheckoutSagaKind", value=kind.upper())

    def _machine(self, id: str, file: str, kind: sfn.StateMachineType) -> sfn.StateMachine:
        text = (FOLDER / f"{file}.asl.json").read_text()
        named = sorted(set(re.findall(r"\$\{(\w+)\}", text)))
        machine = sfn.StateMachine(
            self,
            id,
            state_machine_type=kind,
            definition_body=sfn.DefinitionBody.from_string(text),
            definition_substitutions={name: self.arns[name] for name in named},
            logs=sfn.LogOptions(destination=self.log, level=sfn.LogLevel.ERROR, include_execution_data=False),
            tracing_enabled=False,
        )
        functions = [self.arns[name] for name in named if name != "CheckoutRepairArn"]
        machine.add_to_role_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=functions)
        )
        return machine

    def _watch(self, id: str, machine: sfn.StateMachine) -> None:
        ends = {
            "Failed": machine.metric_failed,
            "TimedOut": machine.metric_timed_out,
            "Aborted": machine.metric_aborted,
        }
        for end, metric in ends.items():
            says = alarm_text(
                "failed-executions", f"{end} executions of {id}: the sweep finishes their orders."
            )
            alarm(Construct(machine, end), metric(period=MINUTES), platform=self.platform, says=says)
        CfnOutput(Stack.of(self), f"{id}Arn", value=machine.state_machine_arn)
