"""Each function may do what it was seen to do, and nothing else.

Every function runs in the in-process world. Its SDK calls are mapped to IAM actions; a transaction counts as
the actions of its items. These actions must equal those that the templates allow the function.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from acquirer import store as acquirer_store
from checkout import executions
from customers import keys as data_keys
from kernel import aws as kernel_aws
from kernel.table import items
from kernel.triggers import commands
from operations import store as operations_store
from payments import transport
from tests.infrastructure.everything import everything_once
from tests.infrastructure.permissions import allowed, construct_id
from tests.infrastructure.synthesis import Assembly
from tests.support import aws
from tests.support.world import MotoWorld

ITEM_ACTIONS = {
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
PREFIXES = {"stepfunctions": "states"}
# Actions that AWS itself takes with a function's role, each with the reason: no code of ours calls them.
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}  # the runtime writes what the function prints
QUEUE = {  # the poller of an SQS event source uses the function's role
    "sqs:ReceiveMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueUrl",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
}
STREAM = {  # the poller of a stream does too, and sends the records that it gives up on to a queue
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "sqs:SendMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
}
POLLED = {f"{service}.consumers.handler" for service in ("orders", "inventory", "payments")}
POLLED |= {"orders.erasure.handler", "payments.erasure.handler", "checkout.saga.start"}
POLLED |= {"storefront.projector.handler", "kernel.triggers.relay.republish"}

TEST = ("tests", "tests.support")  # the calls of the test itself
UsedActions = dict[tuple[str, str], set[str]]


@pytest.fixture
def world(cloud: None, monkeypatch: pytest.MonkeyPatch) -> MotoWorld:
    return MotoWorld(monkeypatch)


@pytest.fixture
def seen(world: MotoWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[UsedActions]:
    """IAM actions by (service, handler), recorded from every call of the SDK made while it runs."""
    # Here all functions are one process; on AWS each reads the secret for itself.
    monkeypatch.setattr(transport, "secret", transport.secret.__wrapped__)
    found: UsedActions = defaultdict(set)

    def record(**call: Any) -> None:
        model = call["model"]
        actions = _actions(model.service_model.service_name, model.name, call["params"])
        found[_running(world)].update(actions)

    _forget_clients()
    kernel_aws.session().register("provide-client-params", record)
    _publish_by_the_sdk(world)
    yield found
    _forget_clients()


def test_each_function_is_allowed_what_it_was_seen_to_do(
    cloud_assembly: Assembly, world: MotoWorld, seen: UsedActions
) -> None:
    everything_once(world)
    permitted = {
        (stack.removeprefix("Settle").lower(), function): actions
        for stack, template in cloud_assembly.templates.items()
        for function, actions in allowed(template).items()
    }
    del permitted["edge", "Authorizer"]  # reads the secret behind callers' ids, as test_commands has it
    used = {
        (service, construct_id(handler)): actions | reasoned(handler)
        for (service, handler), actions in seen.items()
        if (service, handler) != TEST
    }
    assert set(used) == set(permitted)
    for function, actions in used.items():
        assert actions == permitted[function], function


def reasoned(handler: str) -> set[str]:
    """The actions that AWS itself takes with this function's role."""
    if handler == "kernel.triggers.relay.handler":
        return LOGS | STREAM
    return LOGS | (QUEUE if handler in POLLED else set())


def _running(world: MotoWorld) -> tuple[str, str]:
    if world.running and world.running[0] != "acquirer" and os.environ["SERVICE"] == "acquirer":
        return "acquirer", "acquirer.api.handler"
    return world.running or TEST


def _actions(service: str, operation: str, params: Mapping[str, Any]) -> set[str]:
    if operation in ("TransactWriteItems", "TransactGetItems"):
        return {ITEM_ACTIONS[kind] for item in params["TransactItems"] for kind in item}
    if operation == "ExecuteStatement":
        return {"dynamodb:PartiQLInsert"}
    if (service, operation) == ("lambda", "Invoke"):
        return {"lambda:InvokeFunction"}
    return {f"{PREFIXES.get(service, service)}:{operation}"}


def _publish_by_the_sdk(world: MotoWorld) -> None:
    """Calls the SDK beside the world's bus, because the bus has taken the place of the SDK's client."""
    aws.create_bus()
    played, client = world.bus.put_events, kernel_aws.connect("events", seconds=5)

    def put_events(**entries: Any) -> dict[str, Any]:
        client.put_events(**entries)
        return played(**entries)

    world.bus.put_events = put_events  # type: ignore[method-assign]


def _forget_clients() -> None:
    cached: list[Any] = [
        kernel_aws.session,
        items.client,
        executions.executions,
        commands.functions,
        acquirer_store.secret,
        operations_store.queues,
        data_keys.kms,
    ]
    for factory in cached:
        factory.cache_clear()
