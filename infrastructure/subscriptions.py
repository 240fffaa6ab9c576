"""Owns how events and the clock reach a function; what cannot be delivered is a dead letter and an alarm."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs

from infrastructure.dead_letters import DeadLetters
from infrastructure.function import ServiceFunction

ATTEMPTS = 5


def on_events(function: ServiceFunction, *types: str, source: str = "") -> None:
    """Bus -> rule -> queue -> function, for events of these types from one service, or for all of Settle's.

    Events that could not be put into the queue, or not handled in five attempts, become dead letters.
    """
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
        event_pattern=_pattern(source, types),
        targets=[targets.SqsQueue(queue, dead_letter_queue=letters)],
    )
    function.add_event_source(sources.SqsEventSource(queue, batch_size=10, report_batch_item_failures=True))


def on_schedule(function: ServiceFunction, every: Duration) -> None:
    """The next run is the retry of this one, so a run is not repeated."""
    letters = DeadLetters(
        function, platform=function.home.platform, serves=function.handler, page="missed-runs"
    )
    target = targets.LambdaFunction(
        function, dead_letter_queue=letters, retry_attempts=0, max_event_age=Duration.minutes(1)
    )
    function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
    events.Rule(function, "Rule", schedule=events.Schedule.rate(every), targets=[target])


def _pattern(source: str, types: Sequence[str]) -> events.EventPattern:
    if not source:
        return events.EventPattern(source=events.Match.prefix("settle."))
    return events.EventPattern(source=[f"settle.{source}"], detail_type=list(types))
