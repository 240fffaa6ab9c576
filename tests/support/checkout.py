"""Stand-ins for checkout's own tests: the functions that it asks, and executions that do nothing."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto import mock_aws

from kernel.triggers import commands
from tests.support import aws
from tests.support.state_machines import create_state_machines

NAMES = {
    "CLAIM_OVERDUE": "orders-claim",
    "ORDER_STATUS": "orders-status",
    "CLAIM_OPEN": "stock-claim",
    "COMMIT_STOCK": "stock-commit",
    "CLAIM_UNSOLD": "money-claim",
    "POST_SALE": "money-sale",
    "REFUND_PAYMENT": "money-refund",
    "RELEASE_STOCK": "stock-release",
    "RESUME_ORDER": "orders-resume",
    "RESOLVE_ORDER": "orders-resolve",
    "SELECT_PARKED": "orders-select",
    "PAYMENT_STATUS": "payments-status",
    "RESERVATION_STATUS": "stock-status",
}


class FakeLambda:
    """Stands in for Lambda: gives each function's answers in turn, and records what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, list[Any]] = {}
        self.takes: Callable[[], object] = lambda: None

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - as boto3
        self.asked.append((FunctionName, json.loads(Payload)))
        self.takes()
        answer = self.answers[FunctionName].pop(0)
        failed = {"FunctionError": "Unhandled"} if "errorType" in answer else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode()), **failed}

    @classmethod
    def install(cls, monkeypatch: pytest.MonkeyPatch) -> "FakeLambda":
        """Replaces checkout's client, and sets the variables that name functions and state machines."""
        fake = cls()
        for variable, name in {**create_state_machines(), **NAMES}.items():
            monkeypatch.setenv(variable, name)
        monkeypatch.setattr(commands, "functions", lambda: fake)
        return fake

    def overdue(self, *batches: list[Any]) -> None:
        """What orders has claimed, batch after batch. Behind each batch but the last there are more."""
        places = [*(entry(number) for number, _ in enumerate(batches[1:])), None]
        self.answers["orders-claim"] = [
            {"claims": batch, "after": after} for batch, after in zip(batches, places, strict=True)
        ]


def entry(number: int) -> list[str]:
    """Where that batch ends in the index, as orders tells it."""
    return ["2026-01-01T00:00:00+00:00", f"order#{number}", "order"]


@contextmanager
def idle_executions() -> Iterator[None]:
    """Executions that run until a test ends them."""
    with mock_aws(config={"core": {"mock_credentials": False, "reset_boto3_session": False}}):
        yield


def executions() -> dict[str, dict[str, Any]]:
    """The input of every execution, by machine and name ("CheckoutSaga:o1")."""
    client, found = aws.client("stepfunctions"), {}
    for machine in client.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        for one in client.list_executions(stateMachineArn=arn)["executions"]:
            told = client.describe_execution(executionArn=one["executionArn"])
            found[f"{machine['name']}:{one['name']}"] = json.loads(told["input"])
    return found


def run(machine: str, name: str, *, ended: bool) -> None:
    """Starts an execution that is there before the test, running or ended."""
    client = aws.client("stepfunctions")
    (arn,) = [
        found["stateMachineArn"]
        for found in client.list_state_machines()["stateMachines"]
        if found["name"] == machine
    ]
    execution = client.start_execution(stateMachineArn=arn, name=name, input='{"from": "before"}')
    if ended:
        client.stop_execution(executionArn=execution["executionArn"])
