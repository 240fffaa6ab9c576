"""Clients of AWS: how long a call may take, how often it is repeated, and how a secret is read."""

from typing import Any

import boto3
from botocore.config import Config


def limits(*, seconds: int, tries: int = 3) -> Config:
    """The configuration of a client whose calls may wait `seconds` for each answer.

    A connection is made within a second. A call is made at most `tries` times, with the pauses of the
    standard mode in between. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """
    retries: Any = {"mode": "standard", "total_max_attempts": tries}
    return Config(connect_timeout=1, read_timeout=seconds, retries=retries)


def secret(arn: str) -> str:
    """The text of a secret."""
    secrets = boto3.client("secretsmanager", config=limits(seconds=3))
    return secrets.get_secret_value(SecretId=arn)["SecretString"]
