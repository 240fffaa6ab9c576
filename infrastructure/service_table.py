"""Owns a service's private data: its table, and the relay from the table's stream to the bus."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.dead_letters import DeadLetters
from infrastructure.function import ServiceFunction
from infrastructure.monitoring import MINUTES, alarm, see
from infrastructure.platform import Home

KEYS_ONLY = dynamodb.ProjectionType.KEYS_ONLY
OUTBOX_ROWS = lambda_.FilterCriteria.filter(
    {
        "eventName": lambda_.FilterRule.is_equal("INSERT"),
        "dynamodb": {"NewImage": {"kind": {"S": lambda_.FilterRule.is_equal("outbox")}}},
    }
)


class ServiceTable(Construct):
    """A table that only functions of its own service can be allowed to touch.

    `indexes` maps the name of a secondary index to its hash and range key, both strings. The one named
    `open` holds keys only: what it finds is read from the table, as it is now.
    """

    def __init__(
        self, scope: Construct, *, home: Home, indexes: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        super().__init__(scope, "Table")
        self.home = home
        target = home.platform.target
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            stream=dynamodb.StreamViewType.NEW_IMAGE,
            time_to_live_attribute="expires_at",
            removal_policy=target.removal,
            deletion_protection=target.is_cloud,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=target.is_cloud
            ),
        )
        for name, (hash_key, range_key) in (indexes or {}).items():
            self.table.add_global_secondary_index(
                index_name=name,
                partition_key=_text(hash_key),
                sort_key=_text(range_key),
                projection_type=KEYS_ONLY if name == "open" else dynamodb.ProjectionType.ALL,
            )
        CfnOutput(Stack.of(self), "TableName", value=self.table.table_name)

    def allow(self, function: ServiceFunction, *actions: str, index: str = "") -> None:
        """Tells the function its table and allows it these DynamoDB actions there, or on one index of it."""
        if function.home.service != self.home.service:
            raise ValueError(f"{function.node.path} may not touch the table of {self.home.service}")
        function.knows(TABLE=self.table.table_name)
        arn = f"{self.table.table_arn}/index/{index}" if index else self.table.table_arn
        function.may(*(f"dynamodb:{action}" for action in actions), on=arn)


class Relay(Construct):
    """Outbox rows to the bus; what the stream gives up on is published again from the table."""

    def __init__(self, scope: Construct, *, table: ServiceTable) -> None:
        super().__init__(scope, "Outbox")
        home = table.home
        relay = ServiceFunction(self, "kernel.triggers.relay.handler", home=home, seconds=60)
        again = ServiceFunction(self, "kernel.triggers.relay.republish", home=home, seconds=120)
        _may_publish(relay)
        _may_publish(again)
        table.allow(again, "Query")
        letters = DeadLetters(
            self, platform=home.platform, serves=f"{home.service}.outbox", page="unpublished-events"
        )
        letters.redrives_to = lost = sqs.Queue(
            self,
            "Lost",
            visibility_timeout=Duration.seconds(6 * again.seconds),
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(queue=letters, max_receive_count=10),
        )
        again.add_event_source(sources.SqsEventSource(lost, batch_size=1))
        _follow(relay, table, lost)


def _follow(relay: ServiceFunction, table: ServiceTable, lost: sqs.Queue) -> None:
    """The function's own answers retry a whole batch, so bisecting must isolate what cannot be published."""
    stream = table.table.table_stream_arn
    assert stream is not None
    # CDK's own stream grant would allow ListStreams on every table.
    actions = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    relay.may(*(f"dynamodb:{action}" for action in actions), on=stream)
    lambda_.EventSourceMapping(
        relay,
        "Stream",
        target=relay,
        event_source_arn=stream,
        starting_position=lambda_.StartingPosition.TRIM_HORIZON,
        batch_size=100,
        filters=[OUTBOX_ROWS],
        bisect_batch_on_error=True,
        retry_attempts=50,
        max_record_age=Duration.hours(6),
        on_failure=sources.SqsDlq(lost),
    )
    age = relay.metric("IteratorAge", statistic="Maximum", period=MINUTES)
    says = see("waiting-events", f"Events of {table.home.service} wait five minutes for the bus.")
    alarm(Construct(relay, "Age"), age, platform=table.home.platform, limit=300_000, says=says)


def _may_publish(function: ServiceFunction) -> None:
    """A service cannot publish as another; every value, since one call carries several entries."""
    home = function.home
    bus = home.platform.bus
    function.knows(BUS=bus.event_bus_name)
    own = {"ForAllValues:StringEquals": {"events:source": f"settle.{home.service}"}}
    function.may("events:PutEvents", on=bus.event_bus_arn, when=own)


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
