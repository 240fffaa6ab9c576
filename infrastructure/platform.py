"""Owns what all services share: the event bus, the topic for alarms, and the code of functions."""

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import CfnOutput, Stack, Stage
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from infrastructure.packaging.assets import Sources
from infrastructure.target import Target


class Platform(Construct):
    """The shared resources. Subscribe to the topic `alarms` to be notified of alarms."""

    def __init__(self, scope: Construct, *, target: Target) -> None:
        super().__init__(scope, "Platform")
        assembly = Stage.of(self)
        assert assembly is not None
        self.target = target
        self.sources = Sources(target, Path(assembly.outdir))
        self.bus = events.EventBus(self, "Bus")
        self.alarms = sns.Topic(self, "Alarms")
        CfnOutput(Stack.of(self), "AlarmTopicArn", value=self.alarms.topic_arn)


@dataclass(frozen=True)
class Home:
    """The service that a resource belongs to, and the platform that the resource uses."""

    service: str
    platform: Platform
