"""Starts the checkout saga, repairs what never started or died or was parked, reconciles what stayed open."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from kernel.aws import limits
from kernel.errors import Fault
from kernel.events import Envelope, read
from kernel.money import Money
from kernel.triggers.consumers import consumer
from kernel.triggers.observability import describe, invocation

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_stepfunctions import SFNClient


MOST_BATCHES = 10
INTERRUPTED, RESUMED = "Interrupted", "Resumed"


class Line(BaseModel):
    sku: str
    quantity: int


class PlacedOrder(BaseModel):
    """What checkout reads of OrderPlaced; also the input of its saga."""

    order_id: str
    customer_id: str
    lines: tuple[Line, ...]
    total: Money
    payment_method: str


class Claim(BaseModel):
    """An open order that orders has claimed for repair, for the `attempt`th time."""

    status: str
    attempt: int
    order: PlacedOrder


class RepairIncomplete(Fault):
    """Some claimed orders could not be repaired now; they will be claimed again."""


@cache
def executions() -> "SFNClient":
    return boto3.client("stepfunctions", config=limits(seconds=5))


@cache
def functions() -> "LambdaClient":
    # One attempt: a claim that was made and not heard of is made again when it is due again.
    return boto3.client("lambda", config=limits(seconds=35, tries=1))


@consumer
def start(event: Envelope) -> None:
    """Starts the order's saga; once started, starting it again changes nothing."""
    _start_saga(read(event, PlacedOrder))


def sweep(event: Mapping[str, Any], context: object) -> None:
    """Starts or repairs every order that was open for too long. Raises RepairIncomplete."""
    with invocation("sweep") as line:
        claims = map(Claim.model_validate, _until_none("CLAIM_OVERDUE", "claims"))
        _see_to(line, ((claim.order.order_id, partial(_repair, claim)) for claim in claims))


def reconcile(event: Mapping[str, Any], context: object) -> None:
    """Closes what inventory has held for over an hour for orders that have ended, as their end says.

    Heals a lost OrderConfirmed; an order that is still open is the sweep's. Raises RepairIncomplete.
    """
    with invocation("reconcile") as line:
        held = _until_none("CLAIM_OPEN", "order_ids")
        _see_to(line, ((order_id, partial(_close, order_id)) for order_id in held))


def resume(order_id: str, **request: str) -> dict[str, Any]:
    """Has orders note the operator's request, then starts a repair named by it; answers what orders said.

    What is lost in between is made up by the same request: orders knows it, and the start makes it once.
    """
    said = _ask("RESUME_ORDER", order_id=order_id, **request)
    if "refused" not in said:
        _start_repair(order_id, said["resumption"], because=RESUMED)
    return said


def resolve(order_id: str, **request: str) -> dict[str, Any]:
    """Asks payments and inventory how their parts stand, then has orders decide; answers what orders said."""
    standing = {
        "payment": _ask("PAYMENT_STATUS", order_id=order_id),
        "reservation": _ask("RESERVATION_STATUS", order_id=order_id),
    }
    return _ask("RESOLVE_ORDER", order_id=order_id, **standing, **request)


def _see_to(line: dict[str, Any], work: Iterable[tuple[str, Callable[[], None]]]) -> None:
    """Does what can be done for each order, so that one that fails does not hold up the others."""
    line["orders"], line["failed"] = [], {}
    for order_id, act in work:
        line["orders"].append(order_id)
        try:
            act()
        except (Fault, ClientError, BotoCoreError) as error:
            line["failed"][order_id] = describe(error)
    if line["failed"]:
        raise RepairIncomplete(count=len(line["failed"]))
    del line["failed"]


def _until_none(function: str, answered: str) -> Iterator[Any]:
    """What a claiming function answers, batch after batch; what is claimed is not due again at once."""
    for _ in range(MOST_BATCHES):
        batch = _ask(function)[answered]
        if not batch:
            return
        yield from batch


def _close(order_id: str) -> None:
    match _ask("ORDER_STATUS", order_id=order_id)["status"]:
        case "CONFIRMED":
            _ask("COMMIT_STOCK", order_id=order_id)
        case "CANCELLED":
            _ask("RELEASE_STOCK", order_id=order_id)


def _ask(function: str, **given: Any) -> dict[str, Any]:
    """Another service's answer to a command; `function` names the variable that names the function."""
    answer = functions().invoke(FunctionName=os.environ[function], Payload=json.dumps(given).encode())
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Fault(f"{function} answered {said.get('errorType')}")
    return said


def _repair(claim: Claim) -> None:
    """Leaves a running execution alone, starts the saga of an order that never had one, repairs the rest."""
    order, attempt = claim.order, claim.attempt
    saga = _status(os.environ["CHECKOUT_SAGA"], order.order_id)
    repairs = [
        _status(os.environ["CHECKOUT_REPAIR"], _repair_name(order.order_id, earlier))
        for earlier in range(1, attempt)
    ]
    if "RUNNING" in (saga, *repairs):
        return
    if claim.status == "PENDING" and saga is None and not any(repairs):
        _start_saga(order)
    else:
        _start_repair(order.order_id, attempt, because=INTERRUPTED)


def _status(machine: str, name: str) -> str | None:
    """The execution's status, or None when there never was one (or not for 90 days)."""
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    try:
        return executions().describe_execution(executionArn=execution)["status"]
    except executions().exceptions.ExecutionDoesNotExist:
        return None


def _start_saga(order: PlacedOrder) -> None:
    given = order.model_dump(mode="json") | {"stuck": {}}
    _start(os.environ["CHECKOUT_SAGA"], order.order_id, given)


def _start_repair(order_id: str, which: int | str, *, because: str) -> None:
    given = {"order_id": order_id, "failure": {"Error": because, "Cause": ""}, "stuck": {}}
    _start(os.environ["CHECKOUT_REPAIR"], _repair_name(order_id, which), given)


def _repair_name(order_id: str, which: int | str) -> str:
    """By the number of the sweep's attempt or the id of an operator's resumption: 73 of 80 characters."""
    return f"{order_id}-{which}"


def _start(machine: str, name: str, given: Mapping[str, Any]) -> None:
    """The name makes it once: while it runs the same input is the same execution, later it exists.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    try:
        executions().start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
    except executions().exceptions.ExecutionAlreadyExists:
        return
