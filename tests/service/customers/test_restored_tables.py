"""Customers' table as a backup has it: who was erased since then does not come back."""

from typing import Any

import pytest

from kernel.table import items
from tests.support import aws
from tests.support.clock import Clock
from tests.support.customers import ADDRESS, HOME, PRIVATE, Others, ask, erase, keys, register, run, status

SERVICE = "customers"
pytestmark = pytest.mark.usefixtures("service")


def test_a_restored_table_does_not_bring_the_person_back(clock: Clock, others: Others) -> None:
    register()
    ask("PUT", ADDRESS, HOME)
    backup = aws.items("customers")
    erase()
    run(clock)
    run(clock, after=10)
    _restore(backup)
    shown = ask("GET", "/customers/me")
    assert shown == (200, {"customer_id": "alice", "status": "ERASED", "profile": None})
    assert ask("GET", "/customers/alice", customer="olga", role="operator") == shown
    assert register()[1]["error"] == "ErasedCustomer"
    assert ask("PUT", ADDRESS, HOME)[1]["error"] == "ErasedCustomer"
    assert not [word for word in PRIVATE if word in str(aws.items("customers")) + str(keys())]


def test_an_erasure_that_a_backup_has_not_seen_can_be_asked_for_again(clock: Clock, others: Others) -> None:
    register()
    backup = aws.items("customers")
    erase()
    run(clock)
    run(clock, after=10)
    destroyed = keys()
    _restore(backup)
    erase("once more")
    run(clock, after=10)
    assert status() == "ERASED"
    assert keys() == destroyed


def _restore(backup: list[dict[str, Any]]) -> None:
    """As if the table had been restored from a backup."""
    dynamodb: Any = aws.client("dynamodb")
    for item in aws.items("customers"):
        dynamodb.delete_item(
            TableName="customers-table", Key=items.pack({"pk": item["pk"], "sk": item["sk"]})
        )
    for item in backup:
        dynamodb.put_item(TableName="customers-table", Item=items.pack(item))
