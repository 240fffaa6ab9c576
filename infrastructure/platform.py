"""Owns what all services share: event bus, alarms' topic, secret behind callers' ids, code of functions."""

import string
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import CfnOutput, Stack, Stage
from aws_cdk import aws_events as events
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from infrastructure.packaging.assets import Sources
from infrastructure.target import Target


class Platform(Construct):
    """The shared resources. Subscribe to the topic `alarms` to be notified of alarms.

    Every caller's id follows from `caller_secret`: whoever replaces it gives everybody another id.
    """

    def __init__(self, scope: Construct, *, target: Target) -> None:
        super().__init__(scope, "Platform")
        assembly = Stage.of(self)
        assert assembly is not None
        self.target = target
        self.sources = Sources(target, Path(assembly.outdir))
        self.bus = events.EventBus(self, "Bus")
        self.alarms = sns.Topic(self, "Alarms")
        generated = secretsmanager.CfnSecret.GenerateSecretStringProperty(
            exclude_characters=string.punctuation, password_length=64
        )
        secret = secretsmanager.CfnSecret(self, "CallerSecret", generate_secret_string=generated)
        secret.apply_removal_policy(target.removal)
        # `Id` is the ARN on AWS and on emulators. `Ref`, which the L2 construct uses, is it on AWS only.
        self.caller_secret = secret.attr_id
        CfnOutput(Stack.of(self), "AlarmTopicArn", value=self.alarms.topic_arn)


@dataclass(frozen=True)
class Home:
    """The service that a resource belongs to, and the platform that the resource uses."""

    service: str
    platform: Platform
