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


@at_init()
def executions() -> "SFNClient":
    made: SFNClient = connect("stepfunctions", seconds=5)
    return made


def start_saga(order: PlacedOrder, *, run: int = 1) -> None:
    """Starts the order's saga for the `run`th time. Several runs at once have the effect of one.

    The input names the repair to which this run hands over when its undo lane is stuck.
    """
    later = f"-f{run}" if run > 1 else ""
    given = {**order.model_dump(mode="json"), "run": run, "repair": f"{order.order_id}-r{later}"}
    _start(os.environ["CHECKOUT_SAGA"], f"{order.order_id}{later}", given)


def start_repair(order_id: str, *, run: int) -> None:
    """Starts the undo lane of the order as its `run`th execution."""
    _start(os.environ["CHECKOUT_REPAIR"], f"{order_id}-r{run}", _undo(order_id))


def resume(order_id: str, resumption: str) -> None:
    """Starts the undo lane of an order that an operator resumes. Its name has 73 characters of 80."""
    _start(os.environ["CHECKOUT_REPAIR"], f"{order_id}-{resumption}", _undo(order_id), resumed=True)


def _undo(order_id: str) -> dict[str, Any]:
    return {"order_id": order_id, "failure": {"Error": INTERRUPTED, "Cause": ""}}


def _start(machine: str, name: str, given: Mapping[str, Any], *, resumed: bool = False) -> None:
    """Starts an execution. A Standard machine starts each name once, an Express machine any number of times.

    While a Standard execution runs, a start with the same name and input answers the same execution. After it
    has ended, AWS answers ExecutionAlreadyExists for 90 days.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    text = json.dumps({**given, "stuck": {}, "resumed": resumed})
    try:
        executions().start_execution(stateMachineArn=machine, name=name, input=text)
    except executions().exceptions.ExecutionAlreadyExists:
        return
