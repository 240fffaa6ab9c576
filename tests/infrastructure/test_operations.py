"""The queues that operations knows: every dead-letter queue, the queue its letters go back to, no other."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from tests.infrastructure.permissions import Grant, is_of, written_out
from tests.infrastructure.synthesis import Assembly

STACK = "SettleOperations"
LARGEST_ENVIRONMENT = 4096  # bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LONGEST_NAME = "n" * 80
LONGEST_ADDRESS = "https://sqs.ap-southeast-2.amazonaws.com/123456789012/"
SERVED = {
    "catalog.outbox",
    "customers.outbox",
    "orders.outbox",
    "inventory.outbox",
    "payments.outbox",
    "orders.consumers.handler",
    "orders.erasure.handler",
    "payments.erasure.handler",
    "inventory.consumers.handler",
    "payments.consumers.handler",
    "storefront.projector.handler",
    "checkout.saga.start",
    "checkout.schedules",
    "payments.schedules",
    "acquirer.schedules",
    "customers.schedules",
}


@pytest.fixture(scope="module")
def environment(assembly: Assembly) -> Mapping[str, str]:
    (variables,) = (
        function["Environment"]["Variables"]
        for stack, _, function in assembly.resources("AWS::Lambda::Function")
        if stack == STACK
    )
    return {name: written_out(value, assembly.templates, STACK) for name, value in variables.items()}


@pytest.fixture(scope="module")
def known(environment: Mapping[str, str]) -> dict[str, list[str]]:
    """A dead-letter queue and the queue its letters go back to, by its name for operators."""
    found: dict[str, list[str]] = json.loads(environment["DEAD_LETTERS"])
    return found


def gave_up(assembly: Assembly) -> dict[str, str]:
    """The queue that gives up into a dead-letter queue, by the latter."""
    return {
        written_out(
            queue["RedrivePolicy"]["deadLetterTargetArn"], assembly.templates, stack
        ): f"arn:{stack}.{name}"
        for stack, name, queue in assembly.resources("AWS::SQS::Queue")
        if "RedrivePolicy" in queue
    }


def served(assembly: Assembly, stack: str, function: Any) -> str:
    """A function's name for operators: its handler, or the outbox of its service."""
    properties = assembly.templates[stack]["Resources"][function["Ref"]]["Properties"]
    if properties["Handler"] == "kernel.triggers.relay.republish":
        return f"{properties['Environment']['Variables']['SERVICE']}.outbox"
    return str(properties["Handler"])


def test_every_dead_letter_queue_is_known_by_what_it_serves(
    assembly: Assembly, known: dict[str, list[str]]
) -> None:
    letters = {
        f"arn:{stack}.{name}"
        for stack, name, _ in assembly.resources("AWS::SQS::Queue")
        if "DeadLetters" in name
    }
    assert set(known) == SERVED
    assert sorted(urls[0] for urls in known.values()) == sorted(letters)


def test_letters_go_back_to_the_queue_that_gave_up_on_them(
    assembly: Assembly, known: dict[str, list[str]]
) -> None:
    pairs = {urls[0]: urls[1] for urls in known.values() if len(urls) > 1}
    assert pairs == gave_up(assembly)
    without = {serves for serves, urls in known.items() if len(urls) == 1}
    assert without == {serves for serves in SERVED if serves.endswith(".schedules")}


def test_a_queue_is_named_by_the_function_that_reads_it(
    assembly: Assembly, known: dict[str, list[str]]
) -> None:
    read = {
        written_out(mapping["EventSourceArn"], assembly.templates, stack): served(
            assembly, stack, mapping["FunctionName"]
        )
        for stack, _, mapping in assembly.resources("AWS::Lambda::EventSourceMapping")
        if "BisectBatchOnFunctionError" not in mapping
    }
    assert read == {urls[1]: serves for serves, urls in known.items() if len(urls) > 1}


def test_the_letters_of_a_services_schedules_share_a_queue(
    assembly: Assembly, known: dict[str, list[str]]
) -> None:
    run = {}
    for stack, _, rule in assembly.resources("AWS::Events::Rule"):
        if "ScheduleExpression" in rule:
            for target in rule["Targets"]:
                letters = written_out(target["DeadLetterConfig"]["Arn"], assembly.templates, stack)
                handler = served(assembly, stack, {"Ref": target["Arn"]["Fn::GetAtt"][0]})
                run[letters] = f"{handler.partition('.')[0]}.schedules"
    assert run == {urls[0]: serves for serves, urls in known.items() if len(urls) == 1}


def test_operations_takes_from_dead_letters_and_sends_to_where_they_came_from_only(
    given: list[Grant], known: dict[str, list[str]]
) -> None:
    may = defaultdict(set)
    for grant in given:
        if grant.stack == STACK and is_of(grant, "Api") and grant.action.startswith("sqs:"):
            may[grant.action].add(grant.resource)
    letters = {urls[0] for urls in known.values()}
    movable = {urls[0] for urls in known.values() if len(urls) > 1}
    assert may == {
        "sqs:GetQueueAttributes": letters,
        "sqs:ReceiveMessage": letters,
        "sqs:DeleteMessage": movable,
        "sqs:SendMessage": {urls[1] for urls in known.values() if len(urls) > 1},
    }


def test_the_longest_names_aws_may_give_fit_the_environment(
    environment: Mapping[str, str], known: dict[str, list[str]], target: str
) -> None:
    if target == "localstack":  # where handlers know the issuer besides, and nobody counts the bytes
        return
    longest = {serves: [LONGEST_NAME for _ in urls] for serves, urls in known.items()}
    variables = dict(environment) | {
        "DEAD_LETTERS": json.dumps(longest, separators=(",", ":")),
        "QUEUES": LONGEST_ADDRESS,
        "TABLE": LONGEST_NAME,
    }
    assert " " not in environment["DEAD_LETTERS"]
    assert sum(len(name) + len(value) for name, value in variables.items()) < LARGEST_ENVIRONMENT
