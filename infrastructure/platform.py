"""Owns what all services share: the event bus, the topic that alarms speak to, the code of functions."""

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import CfnOutput, Stack, Stage
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from infrastructure.packaging.assets import Sources
from infrastructure.target import Target


class Platform(Construct):
    """Subscribe to the topic to hear the alarms."""

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
    """Whose a resource is, and the platform it stands on."""

    service: str
    platform: Platform
