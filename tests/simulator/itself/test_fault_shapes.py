"""Faults look as botocore makes them look, so that the code takes the way that it would take on AWS."""

import json
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from kernel.errors import Contended
from kernel.table import writes
from kernel.table.writes import Write
from tests.simulator.aws.machines import ExecutionAlreadyExists, Machines
from tests.simulator.faults import kinds as faults
from tests.simulator.faults.kinds import Call, Kind, Planned
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.world import SimulatedWorld

UPDATE: dict[str, Any] = {"TableName": "t", "Key": {"pk": {"S": "a"}}}
CALLS = [
    ("update_item", "UpdateItem", UPDATE),
    ("transact_write_items", "TransactWriteItems", {"TransactItems": [{"Delete": UPDATE}] * 3}),
]


class Raw:
    """The body of an HTTP answer."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self.body]


def answered(service: str, code: str, *, status: int = 400, **more: Any) -> Any:
    """A boto3 client whose every call is answered by such an error as it stands on the wire."""
    body = {"__type": f"com.amazonaws.any#{code}", "message": code, **more}
    client = boto3.Session().client(  # type: ignore[call-overload]
        service, region_name="eu-west-1", config=Config(retries={"total_max_attempts": 1})
    )

    def answer(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, status, HTTPHeaders(), Raw(json.dumps(body).encode()))

    client.meta.events.register("before-send", answer)
    return client


def real(client: Any, method: str, request: Any) -> ClientError:
    with pytest.raises(ClientError) as raised:
        getattr(client, method)(**request)
    return raised.value


def told(error: Exception) -> Any:
    """What code can know of an error: its class's family, its operation, its code and its reasons."""
    assert isinstance(error, ClientError)
    response: Any = error.response
    reasons = [reason["Code"] for reason in response.get("CancellationReasons", [])]
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return error.operation_name, response["Error"]["Code"], reasons, status


@pytest.mark.parametrize(("method", "operation", "request_"), CALLS)
@pytest.mark.parametrize(
    ("make", "code", "status"),
    [
        (faults.throttled, "ThrottlingException", 400),
        (faults.refused, "InternalServerError", 500),
    ],
)
def test_a_failure_of_dynamodb_looks_as_botocore_makes_it(
    make: Any, code: str, status: int, method: str, operation: str, request_: Any
) -> None:
    expected = real(answered("dynamodb", code, status=status), method, request_)
    assert told(make(Call(1, "somebody", "dynamodb", operation))) == told(expected)


def test_a_conflict_of_a_transaction_looks_as_botocore_makes_it() -> None:
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}, {"Code": "None"}]
    client = answered("dynamodb", "TransactionCanceledException", CancellationReasons=reasons)
    expected = real(client, *CALLS[1][::2])
    made = faults.conflicting(Call(1, "somebody", "dynamodb", "TransactWriteItems"), 3)
    assert told(made) == told(expected)
    assert isinstance(made, ClientError)
    assert made.response["CancellationReasons"] == expected.response["CancellationReasons"]


def test_a_conflict_of_a_single_write_looks_as_botocore_makes_it() -> None:
    expected = real(answered("dynamodb", "TransactionConflictException"), *CALLS[0][::2])
    made = faults.conflicting(Call(1, "somebody", "dynamodb", "UpdateItem"), 1)
    assert told(made) == told(expected)


def test_an_execution_that_exists_is_the_class_that_the_client_names() -> None:
    client = answered("stepfunctions", "ExecutionAlreadyExists")
    asked = {"stateMachineArn": Machines.arn("m"), "name": "one", "input": "{}"}
    expected = real(client, "start_execution", asked)
    assert isinstance(expected, client.exceptions.ExecutionAlreadyExists)
    assert Machines.exceptions.ExecutionAlreadyExists is ExecutionAlreadyExists
    assert issubclass(ExecutionAlreadyExists, ClientError)
    assert type(expected).__name__ == expected.response["Error"]["Code"] == ExecutionAlreadyExists.__name__


def test_a_lost_answer_is_what_botocore_raises_without_one() -> None:
    client = answered("dynamodb", "unused")

    def nothing(request: Any, **_: Any) -> None:
        raise ReadTimeoutError(endpoint_url=request.url)

    client.meta.events.register_first("before-send", nothing)
    with pytest.raises(ReadTimeoutError) as raised:
        client.update_item(**UPDATE)
    assert type(faults.lost(Call(1, "somebody", "dynamodb", "UpdateItem"))) is type(raised.value)


def written(world: SimulatedWorld, kinds: dict[int, Kind], *, together: bool) -> tuple[Any, int]:
    """How a write of the kernel ends under these faults, and how many calls it made."""
    world.boundary.fate = plan = Planned(kinds)
    world.boundary.armed = True
    write = Write({"pk": "one", "sk": "one"}, adds={"count": 1})
    ended: list[Any] = []
    act = (lambda: writes.transact([write])) if together else (lambda: writes.update(write))
    world.engine.spawn(act, name="orders", environment={"TABLE": "orders-table"}, ended=ended.append)
    world.run()
    return ended[0].error, len(plan.calls)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("kinds", "error", "calls", "count"),
    [
        ({1: Kind.CONFLICT}, None, 2, 1),
        ({1: Kind.CONFLICT, 2: Kind.CONFLICT, 3: Kind.CONFLICT, 4: Kind.CONFLICT}, None, 5, 1),
        (dict.fromkeys(range(1, 9), Kind.CONFLICT), Contended, 5, 0),
        ({1: Kind.THROTTLED}, Contended, 5, 0),
        ({1: Kind.REFUSED}, ClientError, 1, 0),
        ({1: Kind.LOST}, ReadTimeoutError, 1, 1),
    ],
)
def test_the_kernel_tries_again_what_passes_and_nothing_else(
    kinds: dict[int, Kind], error: Any, calls: int, count: int, together: bool
) -> None:
    with simulated() as world:
        raised, made = written(world, kinds, together=together)
        counts = [item["count"] for item in world.items("orders")]
    assert type(raised) is (error or type(None))
    assert (made, sum(counts)) == (calls, count)
