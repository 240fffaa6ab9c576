"""The saga's executions: the only place that starts any, each under a name that makes it once."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from pydantic import BaseModel

from kernel.aws import limits
from kernel.money import Money

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

INTERRUPTED = "Interrupted"


class Line(BaseModel):
    sku: str
    quantity: int


class PlacedOrder(BaseModel):
    """What checkout reads of OrderPlaced and of a claim; also the input of the order's saga."""

    order_id: str
    customer_id: str
    lines: tuple[Line, ...]
    total: Money
    payment_method: str


@cache
def executions() -> "SFNClient":
    return boto3.client("stepfunctions", config=limits(seconds=5))


def start_saga(order: PlacedOrder) -> None:
    """Starts the order's saga, named by the order; started once, starting it again changes nothing."""
    _start(os.environ["CHECKOUT_SAGA"], order.order_id, order.model_dump(mode="json"))


def start_repair(order_id: str, which: int | str, *, resumed: bool = False) -> None:
    """Starts the undo lane, named by the order and `which`; `resumed` says that an operator asked for it.

    `which` is the number of the sweep's attempt, or the id of a resumption.
    """
    failure = {"Error": INTERRUPTED, "Cause": ""}
    given = {"order_id": order_id, "failure": failure}
    _start(os.environ["CHECKOUT_REPAIR"], _repair_name(order_id, which), given, resumed=resumed)


def status_of_saga(order_id: str) -> str | None:
    """The status of the order's saga, or None when it never had one (or not for 90 days)."""
    return _status(os.environ["CHECKOUT_SAGA"], order_id)


def status_of_repair(order_id: str, which: int | str) -> str | None:
    """As `status_of_saga`, of one of the order's repairs."""
    return _status(os.environ["CHECKOUT_REPAIR"], _repair_name(order_id, which))


def _repair_name(order_id: str, which: int | str) -> str:
    """73 of 80 characters at most."""
    return f"{order_id}-{which}"


def _start(machine: str, name: str, given: Mapping[str, Any], *, resumed: bool = False) -> None:
    """The name makes it once: while it runs the same input is the same execution, later it exists.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    text = json.dumps({**given, "stuck": {}, "resumed": resumed})
    try:
        executions().start_execution(stateMachineArn=machine, name=name, input=text)
    except executions().exceptions.ExecutionAlreadyExists:
        return


def _status(machine: str, name: str) -> str | None:
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    try:
        return executions().describe_execution(executionArn=execution)["status"]
    except executions().exceptions.ExecutionDoesNotExist:
        return None
