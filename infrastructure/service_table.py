"""Owns a service's private data: its table, and the relay from the table's stream to the bus."""

from collections.abc import Mapping
from typing import Any, ClassVar

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.dead_letters import DeadLetters
from infrastructure.function import ServiceFunction
from infrastructure.monitoring import MINUTES, alarm, alarm_text
from infrastructure.platform import Home

Indexes = Mapping[str, tuple[str, str]]
NO_INDEXES: Indexes = {}
OUTBOX_ROWS = lambda_.FilterCriteria.filter(
    {
        "eventName": lambda_.FilterRule.is_equal("INSERT"),
        "dynamodb": {"NewImage": {"kind": {"S": lambda_.FilterRule.is_equal("outbox")}}},
    }
)


class PrivateTable(Construct):
    """A table that only functions of its own service can be allowed to touch. `variable` tells them its name.

    In a cloud account the table is backed up, and protected from deletion.
    """

    variable: ClassVar[str]

    def __init__(self, scope: Construct, construct_id: str, *, home: Home, **settings: Any) -> None:
        super().__init__(scope, construct_id)
        self.home = home
        target = home.platform.target
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=target.removal,
            deletion_protection=target.is_cloud,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=target.is_cloud
            ),
            **settings,
        )
        CfnOutput(Stack.of(self), f"{construct_id}Name", value=self.table.table_name)

    def allow(self, function: ServiceFunction, *actions: str, index: str = "", partition: str = "") -> None:
        """Gives the function the table's name, and these DynamoDB actions on the table or on one index.

        With `partition` they are allowed on the items of that partition key only.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
        """
        if function.home.service != self.home.service:
            raise ValueError(f"{function.node.path} may not touch the table of {self.home.service}")
        function.knows(**{self.variable: self.table.table_name})
        arn = f"{self.table.table_arn}/index/{index}" if index else self.table.table_arn
        only = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [partition]}} if partition else None
        function.may(*(f"dynamodb:{action}" for action in actions), on=arn, when=only)


class ServiceTable(PrivateTable):
    """A service's own table, with a stream of its changes.

    `indexes` maps the name of a secondary index to its hash and range key, both strings. An index holds keys
    only: the items that it finds are read from the table, as they are now, and a write that leaves the keys
    alone costs nothing there. The indexes in `copies` hold whole items.
    """

    variable = "TABLE"

    def __init__(
        self, scope: Construct, *, home: Home, indexes: Indexes = NO_INDEXES, copies: Indexes = NO_INDEXES
    ) -> None:
        stream = dynamodb.StreamViewType.NEW_IMAGE
        super().__init__(scope, "Table", home=home, stream=stream, time_to_live_attribute="expires_at")
        self._add(indexes, dynamodb.ProjectionType.KEYS_ONLY)
        self._add(copies, dynamodb.ProjectionType.ALL)

    def _add(self, indexes: Indexes, projection: dynamodb.ProjectionType) -> None:
        for name, (hash_key, range_key) in indexes.items():
            self.table.add_global_secondary_index(
                index_name=name,
                partition_key=_text(hash_key),
                sort_key=_text(range_key),
                projection_type=projection,
            )


class Vault(PrivateTable):
    """A table of a service beside its own, to which only one of its functions is allowed to add."""

    variable = "VAULT"

    def __init__(self, scope: Construct, *, home: Home) -> None:
        super().__init__(scope, "Vault", home=home)


class Relay(Construct):
    """Publishes outbox rows from the table's stream, or from the table when the stream gives up on them.

    `commits` is the index of a table whose commits are rows of the outbox.
    """

    def __init__(self, scope: Construct, *, table: ServiceTable, commits: str = "") -> None:
        super().__init__(scope, "Outbox")
        home = table.home
        relay = ServiceFunction(self, "kernel.triggers.relay.handler", home=home, seconds=60)
        republish = ServiceFunction(self, "kernel.triggers.relay.republish", home=home, seconds=120)
        _may_publish(relay)
        _may_publish(republish)
        table.allow(republish, "Query")
        if commits:
            republish.knows(COMMITS=commits)
            table.allow(republish, "BatchGetItem")
            table.allow(republish, "Query", index=commits)
        letters = DeadLetters(
            self, platform=home.platform, serves=f"{home.service}.outbox", page="unpublished-events"
        )
        letters.redrives_to = given_up = sqs.Queue(
            self,
            "Lost",
            visibility_timeout=Duration.seconds(6 * republish.seconds),
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(queue=letters, max_receive_count=10),
        )
        republish.add_event_source(sources.SqsEventSource(given_up, batch_size=1))
        _follow(relay, table, given_up)


def _follow(relay: ServiceFunction, table: ServiceTable, given_up: sqs.Queue) -> None:
    """A batch that fails is retried whole. So bisecting has to isolate a row that cannot be published."""
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
        on_failure=sources.SqsDlq(given_up),
    )
    age = relay.metric("IteratorAge", statistic="Maximum", period=MINUTES)
    says = alarm_text("waiting-events", f"Events of {table.home.service} wait five minutes for the bus.")
    alarm(Construct(relay, "Age"), age, platform=table.home.platform, limit=300_000, says=says)


def _may_publish(function: ServiceFunction) -> None:
    """Allows events under the service's own name only. ForAllValues: one call carries several entries."""
    home = function.home
    bus = home.platform.bus
    function.knows(BUS=bus.event_bus_name)
    own = {"ForAllValues:StringEquals": {"events:source": f"settle.{home.service}"}}
    function.may("events:PutEvents", on=bus.event_bus_arn, when=own)


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
