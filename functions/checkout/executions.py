"""The saga's executions. Only this module starts them, each under a name that starts only once."""

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from kernel.aws import at_init, connect
from kernel.money import Money

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

INTERRUPTED = "Interrupted"


class Line(BaseModel):
    sku: str
    quantity: int


class PlacedOrder(BaseModel):
    """The fields that checkout reads of OrderPlaced and of a claim. They are also the input of the saga."""

    order_id: str
    customer_id: str
    lines: tuple[Line, ...]
    total: Money
    payment_method: str


@at_init
def executions() -> "SFNClient":
    made: SFNClient = connect("stepfunctions", seconds=5)
    return made


def start_saga(order: PlacedOrder) -> None:
    """Starts the order's saga, named by the order id. Starting it again changes nothing."""
    _start(os.environ["CHECKOUT_SAGA"], order.order_id, order.model_dump(mode="json"))


def start_repair(order_id: str, which: int | str, *, resumed: bool = False) -> None:
    """Starts the undo lane of the order. `resumed` says that an operator asked for it.

    The execution is named by the order id and `which`: the number of the sweep's attempt, or the id of a
    resumption.
    """
    failure = {"Error": INTERRUPTED, "Cause": ""}
    given = {"order_id": order_id, "failure": failure}
    _start(os.environ["CHECKOUT_REPAIR"], _repair_name(order_id, which), given, resumed=resumed)


def status_of_saga(order_id: str) -> str | None:
    """The status of the order's saga. None when there was no saga, or when it ended over 90 days ago."""
    return _status(os.environ["CHECKOUT_SAGA"], order_id)


def status_of_repair(order_id: str, which: int | str) -> str | None:
    """The status of one of the order's repairs, or None as in `status_of_saga`."""
    return _status(os.environ["CHECKOUT_REPAIR"], _repair_name(order_id, which))


def _repair_name(order_id: str, which: int | str) -> str:
    """Has 73 characters at most. AWS allows 80."""
    return f"{order_id}-{which}"


def _start(machine: str, name: str, given: Mapping[str, Any], *, resumed: bool = False) -> None:
    """Starts an execution, once for each name.

    While it runs, a start with the same name and input answers the same execution. After it has ended,
    AWS answers ExecutionAlreadyExists.
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
