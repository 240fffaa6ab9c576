"""What the templates say about cost: memory, batches, indexes, and what is paid for by the month."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.infrastructure.synthesis import Assembly
from tests.simulator.cost.capacity import Index
from tests.simulator.cost.meter import label

KERNEL = "kernel."  # the relay is a function of every service that publishes


@dataclass(frozen=True)
class Batches:
    """How many messages a mapping hands over at once, and for how many seconds it gathers them."""

    most: int
    window: float


@dataclass(frozen=True)
class Deployment:
    """By function: its memory in MB, whether Lambda's own lines are logged, and the batches of its queue.

    `indexes` by table and name, and how many resources of a month there are by the name of their price.
    """

    memory: Mapping[str, int]
    talks: Mapping[str, bool]
    batches: Mapping[str, Batches]
    indexes: Mapping[str, Mapping[str, Index]]
    monthly: Mapping[str, int]


def deployment(assembly: Assembly) -> Deployment:
    functions = {(stack, name): found for stack, name, found in assembly.resources("AWS::Lambda::Function")}
    mine = {where: found for where, found in functions.items() if "Handler" in found}
    return Deployment(
        memory={_label(found): found["MemorySize"] for found in mine.values()},
        talks={_label(found): _talks(found) for found in mine.values()},
        batches=dict(_batches(assembly, mine)),
        indexes=dict(_indexes(assembly)),
        monthly=_monthly(assembly),
    )


def _label(function: Mapping[str, Any]) -> str:
    handler, service = function["Handler"], function["Environment"]["Variables"]["SERVICE"]
    return label(handler, service if handler.startswith(KERNEL) else "")


def _talks(function: Mapping[str, Any]) -> bool:
    """Whether Lambda writes its START, END and REPORT into the function's log."""
    return function.get("LoggingConfig", {}).get("SystemLogLevel") != "WARN"


def _batches(assembly: Assembly, functions: Mapping[Any, Any]) -> Iterator[tuple[str, Batches]]:
    for stack, _, mapping in assembly.resources("AWS::Lambda::EventSourceMapping"):
        if "StartingPosition" not in mapping:  # a queue, and not a stream
            function = functions[stack, mapping["FunctionName"]["Ref"]]
            window = float(mapping.get("MaximumBatchingWindowInSeconds", 0))
            yield _label(function), Batches(mapping["BatchSize"], window)


def _indexes(assembly: Assembly) -> Iterator[tuple[str, Mapping[str, Index]]]:
    for stack, name, table in assembly.resources("AWS::DynamoDB::Table"):
        service = "vault" if "Vault" in name else stack.removeprefix("Settle").lower()
        found = table.get("GlobalSecondaryIndexes", [])
        if "StreamSpecification" not in table:  # the table of data keys, of which no checkout knows
            continue
        yield f"{service}-table", {index["IndexName"]: index_of(index) for index in found}


def index_of(index: Mapping[str, Any]) -> Index:
    """As a template or DescribeTable tells it."""
    projection = index["Projection"]
    shows = (
        None if projection["ProjectionType"] == "ALL" else frozenset(projection.get("NonKeyAttributes", []))
    )
    return Index(tuple(key["AttributeName"] for key in index["KeySchema"]), shows)


def _monthly(assembly: Assembly) -> Mapping[str, int]:
    alarms = [alarm for _, _, alarm in assembly.resources("AWS::CloudWatch::Alarm")]
    return {
        "alarm": sum(_metrics(alarm) for alarm in alarms),
        "dashboard": len([*assembly.resources("AWS::CloudWatch::Dashboard")]),
        "secret": len([*assembly.resources("AWS::SecretsManager::Secret")]),
        "key": len([*assembly.resources("AWS::KMS::Key")]),
    }


def _metrics(alarm: Mapping[str, Any]) -> int:
    return sum("MetricStat" in metric for metric in alarm.get("Metrics", ())) or 1
