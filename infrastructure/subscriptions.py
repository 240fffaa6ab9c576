"""Owns how events and schedules reach a function. What cannot be delivered becomes a dead letter."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.dead_letters import DeadLetters
from infrastructure.function import ServiceFunction
from infrastructure.manifest import of_handler

ATTEMPTS = 5


def on_events(function: ServiceFunction) -> None:
    """Bus -> rule -> queue -> function, for the events that the function's handler declares, in its batches.

    An event becomes a dead letter when it cannot be put into the queue, or when five attempts have failed.
    """
    declared = of_handler("subscriptions", function.handler)
    letters = DeadLetters(
        function, platform=function.home.platform, serves=function.handler, page="dead-letters"
    )
    letters.redrives_to = queue = sqs.Queue(
        function,
        "Queue",
        visibility_timeout=Duration.seconds(6 * function.seconds),
        retention_period=Duration.days(14),
        dead_letter_queue=sqs.DeadLetterQueue(queue=letters, max_receive_count=ATTEMPTS),
    )
    events.Rule(
        function,
        "Rule",
        event_bus=function.home.platform.bus,
        event_pattern=_pattern(declared),
        targets=[targets.SqsQueue(queue, dead_letter_queue=letters)],
    )
    window = Duration.seconds(declared["window"])
    function.add_event_source(
        sources.SqsEventSource(
            queue,
            batch_size=declared["batch"],
            max_batching_window=window,
            report_batch_item_failures=True,
        )
    )


def on_schedule(function: ServiceFunction) -> None:
    """Runs the function as often as its handler declares, and once for each shard that it declares.

    No run is retried: the next run does its work. The schedules of a service share a dead-letter queue.
    """
    declared = of_handler("schedules", function.handler)
    every = Duration.minutes(declared["minutes"])
    letters = _missed_runs(function)
    shards = range(declared.get("shards", 0))
    inputs: list[events.RuleTargetInput | None] = [
        events.RuleTargetInput.from_object({"shard": shard}) for shard in shards
    ]
    runs = [
        targets.LambdaFunction(
            function,
            event=each,
            dead_letter_queue=letters,
            retry_attempts=0,
            max_event_age=Duration.minutes(1),
        )
        for each in (inputs or [None])
    ]
    function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
    events.Rule(function, "Rule", schedule=events.Schedule.rate(every), targets=runs)


def _missed_runs(function: ServiceFunction) -> DeadLetters:
    service = function.node.scope
    assert isinstance(service, Construct)
    found = service.node.try_find_child("Schedules")
    if found is None:
        home = function.home
        schedules = Construct(service, "Schedules")
        return DeadLetters(
            schedules, platform=home.platform, serves=f"{home.service}.schedules", page="missed-runs"
        )
    letters = found.node.find_child("DeadLetters")
    assert isinstance(letters, DeadLetters)
    return letters


def _pattern(subscription: Mapping[str, Any]) -> events.EventPattern:
    if not subscription["of"]:
        return events.EventPattern(source=events.Match.prefix("settle."))
    return events.EventPattern(source=[f"settle.{subscription['of']}"], detail_type=subscription["types"])
