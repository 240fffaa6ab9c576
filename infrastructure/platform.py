"""Owns what all services share: the event bus, and the topic that alarms speak to."""

from dataclasses import dataclass

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from infrastructure.target import Target


class Platform(Construct):
    """Subscribe to the topic to hear the alarms."""

    def __init__(self, scope: Construct, *, target: Target) -> None:
        super().__init__(scope, "Platform")
        self.target = target
        self.bus = events.EventBus(self, "Bus")
        self.alarms = sns.Topic(self, "Alarms")
        CfnOutput(Stack.of(self), "AlarmTopicArn", value=self.alarms.topic_arn)


@dataclass(frozen=True)
class Home:
    """Whose a resource is, and the platform it stands on."""

    service: str
    platform: Platform
