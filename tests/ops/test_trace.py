"""A trace gathers an order's story from moto's tables, executions and logs, and says what is missing."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops import trace
from ops.deployment import Deployment
from ops.trace import Trace
from tests.support import aws
from tests.support.deployment import FakeCloudFormation, deployed, put
from tests.support.evidence import Books
from tests.support.good_books import good

ENDS = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
ROLE = "arn:aws:iam::123456789012:role/saga"
LOGS = "AWS::Logs::LogGroup"
MACHINES = {"saga": "CheckoutSagaArn", "repair": "CheckoutRepairArn"}

pytestmark = pytest.mark.usefixtures("cloud")


def recent() -> Books:
    """Books of this moment: CloudWatch Logs takes no line that is older than two weeks."""
    return good(since=datetime.now(UTC) - timedelta(minutes=5))


def formation(kind: str = "STANDARD") -> FakeCloudFormation:
    """Two state machines and two log groups, in the stacks that own them."""
    for group in ("confirm-log", "api-log"):
        aws.client("logs").create_log_group(logGroupName=group)
        aws.client("logs").create_log_stream(logGroupName=group, logStreamName="one")
    groups = [(LOGS, "confirm-log"), (LOGS, "api-log")]
    told = {"SettleCheckout": machines(kind), "SettleOrders": {"ApiLog": "api-log"}}
    return FakeCloudFormation({"SettleOrders": groups}, told)


def machines(kind: str = "STANDARD") -> dict[str, str]:
    return {output: machine(name) for name, output in MACHINES.items()} | {"CheckoutSagaKind": kind}


def machine(name: str) -> str:
    made = aws.client("stepfunctions").create_state_machine(name=name, definition=ENDS, roleArn=ROLE)
    return str(made["stateMachineArn"])


def start(name: str, execution: str) -> None:
    arn = f"arn:aws:states:eu-west-1:123456789012:stateMachine:{name}"
    client = aws.client("stepfunctions")
    made = client.start_execution(stateMachineArn=arn, name=execution, input="{}")["executionArn"]
    # Moto runs the execution in a thread.
    assert any(client.describe_execution(executionArn=made)["status"] == "SUCCEEDED" for _ in range(10_000))


def log(group: str, **said: Any) -> None:
    text = json.dumps({"service": "orders", "message": {"outcome": "done", **said}})
    event = {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": text}
    aws.client("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=[event])


def told(deployment: Deployment, order_id: str = "paid") -> str:
    return "\n".join(Trace(deployment, order_id).gather())


def test_a_story_has_the_events_of_every_service() -> None:
    story = told(deployed(recent(), formation()))
    assert [line.split()[-1] for line in story.splitlines() if "journal" in line] == [
        "OrderPlaced",
        "StockReserved",
        "PaymentCaptured",
        "OrderConfirmed",
    ]


@pytest.mark.parametrize(
    ("kind", "sagas"), [("STANDARD", ["saga", "saga-f2"]), ("EXPRESS", [])], ids=["standard", "express"]
)
def test_a_story_has_each_run_each_repair_and_each_resumption(kind: str, sagas: list[str]) -> None:
    """An Express machine keeps no history: on AWS it may not even be asked for."""
    books = recent()
    books.said("parked", "OrderResumed", resumption="5c0e338009f8")
    books.order("parked", "NEEDS_ATTENTION", runs=3)
    stack = deployed(books, formation(kind))
    for name in ("parked", "parked-f2"):
        start("saga", name)
    for name in ("parked-r-f2", "parked-r3", "parked-5c0e338009f8", "paid-r2"):
        start("repair", name)
    story = told(stack, "parked")
    started = re.findall(r" s  (\S.*?)  +execution started", story)
    assert sorted(started) == ["repair 5c0e3380", "repair r-f2", "repair r3", *sagas]
    assert ("An Express saga keeps no history" in story) == (kind == "EXPRESS")


def test_a_story_has_an_operators_reason_beside_the_event_that_carries_its_id() -> None:
    books = recent()
    books.said("parked", "OrderResumed", resumption="5c0e338009f8")
    reason = {"id": "5c0e338009f8", "by": "olga", "because": "the cause is gone"}
    books.record("orders", "intervention", "parked", at=books.since.isoformat(), **reason)
    books.order("parked", "NEEDS_ATTENTION")
    lines = told(deployed(books, formation()), "parked").splitlines()
    found = [line.split("  ")[-1].strip() for line in lines if "5c0e338009f8" in line]
    assert [line for line in found if not line.startswith("No ")] == [
        "5c0e338009f8 by olga: the cause is gone",
        "order 4: OrderResumed by=olga resumption=5c0e338009f8",
    ]


def test_a_story_has_the_log_lines_about_the_order_and_about_the_requests_that_caused_it() -> None:
    books = recent()
    books.journal[:] = [event.model_copy(update={"causationid": "http/r-77"}) for event in books.journal]
    stack = deployed(books, formation())
    log("confirm-log", invocation="ConfirmOrder", about="paid")
    log("confirm-log", invocation="ConfirmOrder", about="another")
    log("confirm-log", invocation="sweep", request="r-77")
    log("api-log", invocation="http", request="r-77")
    story = told(stack)
    lines = [line for line in story.splitlines() if "log orders" in line]
    assert [line.split("  ")[-1] for line in lines] == ["ConfirmOrder: done", "http: done"]


def test_events_that_have_not_reached_the_journal_come_from_the_outbox() -> None:
    books = recent()
    books.journal[:] = [event for event in books.journal if event.type != "OrderConfirmed"]
    stack = deployed(books, formation())
    put("orders", [_row(books, "OrderPlaced", 1), _row(books, "OrderConfirmed", 2)])
    story = told(stack)
    assert re.findall("outbox   (.*)", story) == ["order 2: OrderConfirmed"]
    assert "Of order/paid, 1 events are not in the journal yet." in story


def _row(books: Books, kind: str, sequence: int) -> dict[str, Any]:
    """The row as the outbox has it, named by subject and sequence."""
    event = next(event for event in books.outbox if (event.type, event.correlationid) == (kind, "paid"))
    named = {"pk": "outbox#m#0", "sk": f"order/paid#{sequence:010}"}
    return {**named, "kind": "outbox", "events": [event.model_dump_json()]}


def test_a_source_that_cannot_be_read_is_noted_and_the_rest_is_told() -> None:
    gone = FakeCloudFormation({"SettleOrders": [(LOGS, "gone")]}, {"SettleCheckout": machines()})
    story = told(deployed(recent(), gone))
    assert "OrderPlaced" in story
    assert "No saga: it was never started, or ended over 90 days ago." in story
    assert "No logs:" in story


class ForbiddenClient:
    """A client that is denied every call."""

    def get_paginator(self, operation: str) -> "ForbiddenClient":
        return self

    def paginate(self, **given: Any) -> Any:
        raise ClientError(
            {"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetExecutionHistory"
        )


def test_a_source_that_is_forbidden_is_not_taken_for_an_empty_one() -> None:
    stack = deployed(recent(), formation())

    def client(service: str) -> Any:
        return ForbiddenClient() if service == "stepfunctions" else stack.client(service)

    story = told(Deployment("a test", client))
    assert "No executions: An error occurred (AccessDeniedException)" in story
    assert "never started" not in story
    assert "OrderPlaced" in story


def test_an_order_that_does_not_exist_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = deployed(recent(), formation())
    monkeypatch.setattr(trace, "here", lambda: stack)
    assert trace.main(["nobody"]) == 0
    assert "There is no order nobody in a test." in capsys.readouterr().out
    assert trace.main([]) == 2
