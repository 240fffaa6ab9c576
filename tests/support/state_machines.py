"""The saga's two state machines on moto's interpreter, from their files."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import boto3

INFRASTRUCTURE = Path(__file__).parents[2] / "infrastructure"
ROLE = "arn:aws:iam::123456789012:role/saga"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:"
VARIABLES = ("CHECKOUT_SAGA", "CHECKOUT_REPAIR")
FILES = {"CheckoutSaga": "checkout_saga", "CheckoutRepair": "checkout_repair"}


def definition(name: str = "CheckoutSaga") -> dict[str, Any]:
    """The machine's file with every `${...Arn}` replaced by the ARN of that function or machine."""
    text = (INFRASTRUCTURE / f"{FILES[name]}.asl.json").read_text()
    machine: dict[str, Any] = json.loads(re.sub(r"\$\{(\w+)Arn\}", _arn, text))
    return machine


def _arn(found: re.Match[str]) -> str:
    return (MACHINE if found[1] in FILES else FUNCTION) + found[1]


def reachable(machine: Mapping[str, Any], start: str) -> list[str]:
    """The names of the states that can follow `start`, itself first."""
    found = [start]
    for name in found:
        state = machine["States"][name]
        targets = [state.get("Next"), *(catch["Next"] for catch in state.get("Catch", []))]
        found += [target for target in dict.fromkeys(targets) if target and target not in found]
    return found


def create_state_machines(*, again: bool = False) -> dict[str, str]:
    """Creates both machines (`again`: new ones, without executions); answers the variables that name them."""
    suffix = "Again" if again else ""
    machines = {name: definition(name) for name in FILES}
    arns = {
        name: _client().create_state_machine(name=name + suffix, definition=json.dumps(machine), roleArn=ROLE)
        for name, machine in machines.items()
    }
    return {
        "CHECKOUT_SAGA": arns["CheckoutSaga"]["stateMachineArn"],
        "CHECKOUT_REPAIR": arns["CheckoutRepair"]["stateMachineArn"],
    }


def running(environment: Mapping[str, str]) -> bool:
    """Whether any execution of either machine is running."""
    return any(
        execution.status == "RUNNING" for name in VARIABLES for execution in _executions(environment[name])
    )


def status(environment: Mapping[str, str], name: str) -> str | None:
    """The status of the saga or the repair of that name; None if there is none."""
    executions = [one for variable in VARIABLES for one in _executions(environment[variable])]
    return next((str(one.status) for one in executions if one.name == name), None)


def _executions(machine: str) -> Sequence[Any]:
    from tests.support import moto_memory  # noqa: PLC0415 - the simulator takes this module and needs no moto

    return moto_memory.executions(machine)


@cache
def _client() -> Any:
    return boto3.client("stepfunctions")
