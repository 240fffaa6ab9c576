"""The simulated world is wired as the templates are: timeouts, queues, rules, schedules and commands."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest

from tests.infrastructure.permissions import construct_id, written_out
from tests.infrastructure.synthesis import Assembly
from tests.infrastructure.test_wiring import function_of, handler, mappings, queue_of
from tests.simulator.aws import delivery
from tests.simulator.aws.delivery import Queue
from tests.simulator.aws.machines import Machines
from tests.simulator.plays.playing import HOURLY, TICKS
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.world import SimulatedWorld, definitions
from tests.support import aws
from tests.support.state_machines import FUNCTION
from tests.support.wiring import COMMANDS, DEFAULT_TIMEOUT, PUBLISHERS, TABLES, TASKS, TIMEOUTS

REPUBLISH = "kernel.triggers.relay.republish"


@pytest.fixture
def world() -> Iterator[SimulatedWorld]:
    with simulated() as world:
        yield world


def functions(assembly: Assembly) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The ARN of each function as `written_out` gives it, its service, and its properties."""
    for stack, name, function in assembly.resources("AWS::Lambda::Function"):
        yield f"arn:{stack}.{name}", function["Environment"]["Variables"]["SERVICE"], function


def told(assembly: Assembly, service: str, handler: str) -> dict[str, str]:
    """The environment variables of a function, written out."""
    (found,) = (
        (stack, function["Environment"]["Variables"])
        for stack, _, function in assembly.resources("AWS::Lambda::Function")
        if function["Handler"] == handler and function["Environment"]["Variables"]["SERVICE"] == service
    )
    stack, variables = found
    return {name: written_out(value, assembly.templates, stack) for name, value in variables.items()}


def feeding(assembly: Assembly) -> dict[str, tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Logical id and properties of each queue that feeds a function, and its mapping, by operators' name."""
    found: dict[str, tuple[str, Mapping[str, Any], Mapping[str, Any]]] = {}
    for stack, _, mapping in mappings(assembly, stream=False):
        function = function_of(assembly, stack, mapping["FunctionName"])
        service = function["Environment"]["Variables"]["SERVICE"]
        serves = f"{service}.outbox" if function["Handler"] == REPUBLISH else function["Handler"]
        logical = mapping["EventSourceArn"]["Fn::GetAtt"][0]
        found[serves] = (logical, queue_of(assembly, stack, mapping["EventSourceArn"]), mapping)
    return found


def all_queues(world: SimulatedWorld) -> dict[str, Queue]:
    return {queue.name: queue for queue in (*world.queues.values(), *world.lost.values())}


def test_a_function_may_run_as_long_as_its_template_says(cloud_assembly: Assembly) -> None:
    expected = defaultdict(set)
    for _, _, function in functions(cloud_assembly):
        expected[function["Handler"]].add(function["Timeout"])
    assert {name: {TIMEOUTS.get(name, DEFAULT_TIMEOUT)} for name in expected} == dict(expected)
    assert set(TIMEOUTS) <= set(expected), "a timeout of nothing"


def test_a_queue_feeds_its_function_as_its_template_says(
    cloud_assembly: Assembly, world: SimulatedWorld
) -> None:
    expected, queues = feeding(cloud_assembly), all_queues(world)
    assert set(queues) == set(expected)
    for name, (_, properties, mapping) in expected.items():
        queue = queues[name]
        assert queue.consumer is not None
        assert queue.consumer.most == mapping["BatchSize"], name
        assert queue.consumer.window == mapping.get("MaximumBatchingWindowInSeconds", 0), name
        assert queue.most_receives == properties["RedrivePolicy"]["maxReceiveCount"], name
        hidden = delivery.VISIBILITY * world.functions.timeout(queue.consumer.handler)
        assert hidden == properties["VisibilityTimeout"], name
        assert queue.dead is not None, name


def test_a_stream_is_followed_as_its_template_says(cloud_assembly: Assembly, world: SimulatedWorld) -> None:
    found = list(mappings(cloud_assembly, stream=True))
    services = set()
    for stack, name, mapping in found:
        function = function_of(cloud_assembly, stack, mapping["FunctionName"])
        assert function["Handler"] == "kernel.triggers.relay.handler"
        services.add(function["Environment"]["Variables"]["SERVICE"])
        assert mapping["MaximumRetryAttempts"] == delivery.RETRIES, name
        assert mapping["MaximumRecordAgeInSeconds"] == delivery.OLDEST.total_seconds(), name
        assert mapping["BatchSize"] == delivery.MOST_RECORDS, name
    assert services == set(world.lost) == set(PUBLISHERS)


def test_events_go_to_the_queues_that_the_rules_name(cloud_assembly: Assembly, world: SimulatedWorld) -> None:
    served = {logical: serves for serves, (logical, *_) in feeding(cloud_assembly).items()}
    expected = set()
    for _, _, rule in cloud_assembly.resources("AWS::Events::Rule"):
        if "EventPattern" not in rule:
            continue
        pattern = rule["EventPattern"]
        queue = served[rule["Targets"][0]["Arn"]["Fn::GetAtt"][0]]
        if pattern["source"] == [{"prefix": "settle."}]:
            expected.add((queue, "", frozenset[str]()))
        else:
            (source,) = pattern["source"]
            types = frozenset(pattern["detail-type"])
            expected.add((queue, source.removeprefix("settle."), types))
    assert {(rule.queue.name, rule.source, rule.types) for rule in world.bus.rules} == expected


def test_the_schedules_are_those_of_the_rules(cloud_assembly: Assembly) -> None:
    schedules = {
        handler(cloud_assembly, stack, rule["Targets"][0]["Arn"]): rule["ScheduleExpression"]
        for stack, _, rule in cloud_assembly.resources("AWS::Events::Rule")
        if "ScheduleExpression" in rule
    }
    del schedules[
        "acquirer.webhooks.send"
    ]  # nobody is registered in the simulated world, so it has nothing to do
    assert schedules == {
        "checkout.repair.sweep": "rate(1 minute)",
        "checkout.repair.reconcile": "rate(1 hour)",
        "payments.audit.audit": "rate(1 hour)",
        "payments.refunding.see_to_refunds": "rate(5 minutes)",
        "payments.reconciliation.reconcile": "rate(1 hour)",
        "payments.replay.replay": "rate(1 hour)",
        "payments.watch.watch": "rate(1 hour)",
        "payments.sealing.seal": "rate(1 minute)",
        "customers.erasure.erase_due": "rate(5 minutes)",
    }
    hourly = sorted(HOURLY)
    assert all(later - earlier >= 60 for earlier, later in pairwise(hourly))
    assert all(later - earlier >= 1 for earlier, later in pairwise(TICKS))


def test_a_task_is_the_function_that_the_template_names_so(cloud_assembly: Assembly) -> None:
    tasks = {
        construct_id(function["Handler"]): function["Handler"]
        for _, _, function in functions(cloud_assembly)
        if ".tasks." in function["Handler"] or function["Handler"] in TASKS.values()
    }
    assert tasks == TASKS


def test_the_machines_call_the_functions_that_the_templates_put_in(cloud_assembly: Assembly) -> None:
    arns = {arn: function["Handler"] for arn, _, function in functions(cloud_assembly)}
    for stack, name, machine in cloud_assembly.resources("AWS::StepFunctions::StateMachine"):
        own = "CheckoutRepair" if "CheckoutRepair" in name else "CheckoutSaga"
        text = machine["DefinitionString"]
        for key, value in machine["DefinitionSubstitutions"].items():
            put_in = written_out(value, cloud_assembly.templates, stack)
            text = text.replace(f"${{{key}}}", arns.get(put_in, "CheckoutRepair"))
            assert put_in in arns or "CheckoutRepair" in put_in
        simulated = json.dumps(definitions()[own]).replace(Machines.arn("CheckoutRepair"), "CheckoutRepair")
        for task, answers in TASKS.items():
            simulated = simulated.replace(f'function:{task}"', f'function:{answers}"')
        simulated = simulated.replace(FUNCTION, "")
        assert json.loads(simulated) == json.loads(text), own


def test_a_variable_names_the_function_that_the_template_names(cloud_assembly: Assembly) -> None:
    arns = {arn: function["Handler"] for arn, _, function in functions(cloud_assembly)}
    found: dict[str, str] = {}
    for _, service, function in functions(cloud_assembly):
        for name, value in told(cloud_assembly, service, function["Handler"]).items():
            if value in arns:
                assert found.setdefault(name, arns[value]) == arns[value], name
    assert found == {name: TASKS[task] for name, task in COMMANDS.items()}


def test_a_variable_names_the_machine_that_the_template_names(
    cloud_assembly: Assembly, world: SimulatedWorld
) -> None:
    for handler_ in ("checkout.saga.start", "checkout.repair.sweep", "checkout.api.handler"):
        variables = told(cloud_assembly, "checkout", handler_)
        for name, machine in (("CHECKOUT_SAGA", "CheckoutSaga"), ("CHECKOUT_REPAIR", "CheckoutRepair")):
            if name in variables:
                assert machine in variables[name]
                assert world.common[name].rpartition(":")[2] == machine
    assert set(definitions()) == {"CheckoutSaga", "CheckoutRepair"}


def test_operators_reach_the_dead_letters_that_can_be_redriven(
    cloud_assembly: Assembly, world: SimulatedWorld
) -> None:
    """The letters of a schedule are not simulated: nobody can do anything with them."""
    known = json.loads(told(cloud_assembly, "operations", "operations.api.handler")["DEAD_LETTERS"])
    redriven = {serves for serves, urls in known.items() if len(urls) == 2}
    assert set(json.loads(world.common["DEAD_LETTERS"])) == redriven
    assert all(serves.endswith(".schedules") for serves in set(known) - redriven)


def test_the_tables_have_the_indexes_of_the_templates(cloud_assembly: Assembly) -> None:
    expected = {}
    for stack, _, table in cloud_assembly.resources("AWS::DynamoDB::Table"):
        service = stack.removeprefix("Settle").lower()
        keys = [key["AttributeName"] for key in table["KeySchema"]]
        assert keys == ["pk", "sk"], service
        if "StreamSpecification" not in table:  # the vault, and the table of data keys
            continue
        indexes = {
            index["IndexName"]: tuple(key["AttributeName"] for key in index["KeySchema"])
            for index in table.get("GlobalSecondaryIndexes", [])
        }
        expected[service] = indexes
        for index in table.get("GlobalSecondaryIndexes", []):
            copied = index["Projection"]["ProjectionType"] == "ALL"
            assert copied is (index["IndexName"] in aws.COPIES), index["IndexName"]
    assert {service: aws.INDEXES.get(service, {}) for service in expected} == expected
    assert set(aws.INDEXES) <= set(expected)
    assert set(expected) == {*TABLES, "acquirer", "operations"}
