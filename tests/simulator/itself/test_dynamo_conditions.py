"""Which conditions hold in the DynamoDB in memory, and what one that does not hold tells."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kernel.table.items import pack
from kernel.table.writes import Write
from tests.simulator.aws.dynamo.dynamo import Dynamo

KEY = {"pk": "p", "sk": "s"}
VALUES = {"two": 2, "ten": 10, "text": "2"}
UNMET = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Dynamo:
    """Holds one item."""
    monkeypatch.setenv("TABLE", "t")
    made = Dynamo(now=lambda: datetime.now(UTC))
    made.create("t")
    made.put_item(TableName="t", Item=pack({**KEY, "number": 2, "text": "2"}))
    return made


def guarded(condition: str) -> dict[str, Any]:
    binds = {name: value for name, value in VALUES.items() if f":{name}" in condition}
    return Write(key=KEY, sets={"a": 1}, condition=condition, binds=binds).request()


def refusal(table: Dynamo, request: dict[str, Any]) -> Any:
    with pytest.raises(ClientError) as refused:
        table.update_item(**request)
    return refused.value.response


@pytest.mark.parametrize(
    "condition",
    [
        "#number < :ten",
        "#number <= :two AND #number >= :two",
        "#text <> :ten AND #gone <> :ten",
        "#text = :text OR #text = :text AND #text = :ten",
        "NOT (#text = :ten OR #gone = :ten)",
    ],
)
def test_a_write_whose_condition_holds_is_done(condition: str, table: Dynamo) -> None:
    table.update_item(**guarded(condition))
    assert table.items("t")[0]["a"] == 1


@pytest.mark.parametrize(
    "condition",
    [
        "#number < :two",
        "#text < :text OR #text > :text OR #text <> :text",
        "#text = :text AND #text = :ten",
        "NOT #text = :ten AND #text = :ten",
        "#text = :ten OR #gone = :ten OR #gone < :ten",
        # Values of two types have no order; moto fails on them.
        "#number > :text OR #number <= :text",
        "#text > :ten OR #text <= :ten",
    ],
)
def test_a_write_whose_condition_does_not_hold_is_refused(condition: str, table: Dynamo) -> None:
    response = refusal(table, guarded(condition))
    assert response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert table.items("t") == [{**KEY, "number": 2, "text": "2"}]


@pytest.mark.parametrize("wish", ["ALL_OLD", "NONE", None])
def test_a_condition_that_fails_tells_what_is_there_only_when_asked(wish: str | None, table: Dynamo) -> None:
    request = guarded("attribute_not_exists(#pk)") | {"ReturnValuesOnConditionCheckFailure": wish}
    if wish is None:
        del request["ReturnValuesOnConditionCheckFailure"]
    shown = {"Item": pack({**KEY, "number": 2, "text": "2"})} if wish == "ALL_OLD" else {}
    assert {name: found for name, found in refusal(table, request).items() if name == "Item"} == shown
    with pytest.raises(ClientError) as cancelled:
        table.transact_write_items(TransactItems=[{"Update": request}])
    response: Any = cancelled.value.response
    assert response["CancellationReasons"] == [{**UNMET, **shown}]
