"""How events and messages travel: nothing is dropped, and nothing is tried for ever."""

import json
from collections.abc import Iterator
from typing import Any

from tests.infrastructure.permissions import construct_id, written_out
from tests.infrastructure.synthesis import Assembly

DAY = 24 * 3600
SUBSCRIPTIONS = {
    ("Start", "settle.orders", "OrderPlaced"),
    ("Consumers", "settle.orders", "OrderConfirmed"),
    ("Consumers", "settle.catalog", "ProductListed"),
    ("Consumers", "settle.catalog", "PriceChanged"),
    ("Consumers", "settle.catalog", "ProductRetired"),
    ("Erasure", "settle.customers", "CustomerErasureStarted"),
    ("Erasure", "settle.customers", "CustomerErased"),
}


def mappings(assembly: Assembly, *, stream: bool) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for stack, name, mapping in assembly.resources("AWS::Lambda::EventSourceMapping"):
        source = written_out(mapping["EventSourceArn"], assembly.templates, stack)
        if source.startswith("arn:aws:dynamodb:") is stream:
            yield stack, name, mapping


def queue_of(assembly: Assembly, stack: str, arn: Any) -> dict[str, Any]:
    """The properties of the queue that an `Fn::GetAtt … Arn` of the same stack names."""
    resource: dict[str, Any] = assembly.templates[stack]["Resources"][arn["Fn::GetAtt"][0]]
    assert resource["Type"] == "AWS::SQS::Queue"
    return resource["Properties"]


def function_of(assembly: Assembly, stack: str, reference: Any) -> dict[str, Any]:
    properties: dict[str, Any] = assembly.templates[stack]["Resources"][reference["Ref"]]["Properties"]
    return properties


def handler(assembly: Assembly, stack: str, arn: Any) -> str:
    name = arn["Fn::GetAtt"][0]
    return str(assembly.templates[stack]["Resources"][name]["Properties"]["Handler"])


def test_every_stream_mapping_is_bounded_and_bisects_and_tells_of_its_failures(assembly: Assembly) -> None:
    found = list(mappings(assembly, stream=True))
    assert {stack for stack, *_ in found} == {
        "SettleCatalog",
        "SettleCustomers",
        "SettleOrders",
        "SettleInventory",
        "SettlePayments",
    }
    for stack, name, mapping in found:
        assert mapping["StartingPosition"] == "TRIM_HORIZON", name
        assert mapping["BisectBatchOnFunctionError"] is True, name
        assert 0 < mapping["MaximumRetryAttempts"] <= 100, name
        assert 60 <= mapping["MaximumRecordAgeInSeconds"] < DAY, name
        lost = mapping["DestinationConfig"]["OnFailure"]["Destination"]
        assert "RedrivePolicy" in queue_of(assembly, stack, lost), name


def test_a_relay_sees_new_outbox_rows_only(assembly: Assembly) -> None:
    wanted = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["outbox"]}}}}
    for _, name, mapping in mappings(assembly, stream=True):
        patterns = [json.loads(one["Pattern"]) for one in mapping["FilterCriteria"]["Filters"]]
        assert patterns == [wanted], name


def test_rows_that_a_relay_gave_up_on_are_republished_one_message_at_a_time(assembly: Assembly) -> None:
    for stack, name, relay in mappings(assembly, stream=True):
        lost = relay["DestinationConfig"]["OnFailure"]["Destination"]
        republishing = [
            mapping
            for other, _, mapping in mappings(assembly, stream=False)
            if other == stack and mapping["EventSourceArn"] == lost
        ]
        assert [mapping["BatchSize"] for mapping in republishing] == [1], name
        function = function_of(assembly, stack, republishing[0]["FunctionName"])
        assert function["Handler"] == "kernel.triggers.relay.republish", name


def test_every_queue_that_feeds_a_function_gives_up_into_dead_letters(assembly: Assembly) -> None:
    found = list(mappings(assembly, stream=False))
    assert len(found) == 12
    for stack, name, mapping in found:
        queue = queue_of(assembly, stack, mapping["EventSourceArn"])
        redrive = queue["RedrivePolicy"]
        assert 3 <= redrive["maxReceiveCount"] <= 10, name
        letters = queue_of(assembly, stack, redrive["deadLetterTargetArn"])
        assert letters["MessageRetentionPeriod"] == 14 * DAY, name
        assert "RedrivePolicy" not in letters, name


def test_a_message_is_not_seen_again_while_it_is_worked_on(assembly: Assembly) -> None:
    for stack, name, mapping in mappings(assembly, stream=False):
        queue = queue_of(assembly, stack, mapping["EventSourceArn"])
        timeout = function_of(assembly, stack, mapping["FunctionName"])["Timeout"]
        assert queue["VisibilityTimeout"] >= 6 * timeout, name


def test_consumers_of_batches_answer_with_the_failed_messages(assembly: Assembly) -> None:
    for _, name, mapping in mappings(assembly, stream=False):
        partial = mapping.get("FunctionResponseTypes") == ["ReportBatchItemFailures"]
        assert partial is (mapping["BatchSize"] > 1), name


def test_every_target_of_a_rule_has_dead_letters(assembly: Assembly) -> None:
    rules = list(assembly.resources("AWS::Events::Rule"))
    assert len(rules) == 17
    for stack, name, rule in rules:
        for target in rule["Targets"]:
            assert queue_of(assembly, stack, target["DeadLetterConfig"]["Arn"]), name


def test_functions_hear_the_events_they_react_to(assembly: Assembly) -> None:
    heard = set()
    for stack, _, rule in assembly.resources("AWS::Events::Rule"):
        if "EventPattern" not in rule:
            continue
        queue = rule["Targets"][0]["Arn"]
        (mapping,) = [
            one
            for other, _, one in mappings(assembly, stream=False)
            if (other, one["EventSourceArn"]) == (stack, queue)
        ]
        name = construct_id(function_of(assembly, stack, mapping["FunctionName"])["Handler"])
        pattern = rule["EventPattern"]
        if name == "Projector":
            assert pattern == {"source": [{"prefix": "settle."}]}
            continue
        heard |= {(name, source, kind) for source in pattern["source"] for kind in pattern["detail-type"]}
    assert heard == SUBSCRIPTIONS


def test_each_schedule_fires_as_often_as_its_job_needs(assembly: Assembly) -> None:
    schedules = sorted(
        (rule["ScheduleExpression"], construct_id(handler(assembly, stack, rule["Targets"][0]["Arn"])))
        for stack, _, rule in assembly.resources("AWS::Events::Rule")
        if "ScheduleExpression" in rule
    )
    assert schedules == [
        ("rate(1 hour)", "Audit"),
        ("rate(1 hour)", "Reconcile"),
        ("rate(1 hour)", "Reconcile"),
        ("rate(1 hour)", "Replay"),
        ("rate(1 hour)", "Watch"),
        ("rate(1 minute)", "Seal"),
        ("rate(1 minute)", "Send"),
        ("rate(1 minute)", "Sweep"),
        ("rate(5 minutes)", "EraseDue"),
        ("rate(5 minutes)", "SeeToRefunds"),
    ]
