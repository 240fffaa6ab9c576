"""Clients of AWS: when they are made, how long a call may take, how often it is repeated; and secrets.

They are botocore's own: boto3 would add the transfer manager of S3 to every cold start, and nothing else.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.config import Config
from botocore.session import Session, get_session

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

Client = TypeVar("Client")


@cache
def session() -> Session:
    """The session of all clients. It keeps the descriptions of the services, which are slow to read."""
    return get_session()


def connect(service: str, *, seconds: int, tries: int = 3) -> Any:
    """A new client whose calls may wait `seconds` for each answer.

    A connection is made within a second. A call is made at most `tries` times, with the pauses of the
    standard mode in between. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """
    retries: Any = {"mode": "standard", "total_max_attempts": tries}
    limits = Config(connect_timeout=1, read_timeout=seconds, retries=retries)
    return session().create_client(service, config=limits)


def at_init(*needs: str) -> "Callable[[Callable[[], Client]], _lru_cache_wrapper[Client]]":
    """Makes a client, or reads a secret, once: in Lambda at init, elsewhere at the first call.

    At init the CPU is whole. A function that does not know all of the variables in `needs` has no use for it.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """

    def decorate(make: Callable[[], Client]) -> "_lru_cache_wrapper[Client]":
        made = cache(make)
        if {"AWS_LAMBDA_FUNCTION_NAME", *needs} <= os.environ.keys():
            made()
        return made

    return decorate


def secret(arn: str) -> str:
    """The text of a secret."""
    return str(connect("secretsmanager", seconds=3).get_secret_value(SecretId=arn)["SecretString"])
