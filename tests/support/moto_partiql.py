"""Moto's PartiQL, where an INSERT has parameters: moto's own parser does not know these."""

from typing import Any

import pytest
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.models import DynamoDBBackend

from tests.simulator.aws.dynamo.partiql import put_of


class DuplicateItem(DynamodbException):
    """The table has an item with that key already."""

    error_type = "com.amazonaws.dynamodb.v20120810#DuplicateItemException"

    def __init__(self) -> None:
        super().__init__(self.error_type, "Duplicate primary key exists in table")


def install(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DynamoDBBackend, "execute_statement", _inserted)


def _inserted(backend: DynamoDBBackend, statement: str, parameters: list[Any]) -> list[Any]:
    put = put_of({"Statement": statement, "Parameters": parameters})
    table = backend.get_table(put["TableName"])
    key = [put["Item"][name] for name in ("pk", "sk")]
    if any(
        [item.to_json()["Attributes"][name] for name in ("pk", "sk")] == key for item in table.all_items()
    ):
        raise DuplicateItem
    table.put_item(put["Item"])
    return []
