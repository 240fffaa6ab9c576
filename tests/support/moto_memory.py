"""What moto holds, read past its API: tests look all the time, and each call costs milliseconds."""

from collections.abc import Sequence
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.stepfunctions.responses import get_backend

from tests.support.aws import DUMMY_ENVIRONMENT

REGION = DUMMY_ENVIRONMENT["AWS_DEFAULT_REGION"]


def images(table: str) -> list[dict[str, Any]]:
    """Every item of a table, as DynamoDB's API spells items."""
    held = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[table]
    return [item.to_json()["Attributes"] for item in held.all_items()]


def executions(machine: str) -> Sequence[Any]:
    """Every execution of the machine with that ARN."""
    held: Sequence[Any] = get_backend(DEFAULT_ACCOUNT_ID, REGION).describe_state_machine(machine).executions
    return held
