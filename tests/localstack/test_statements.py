"""IAM of the emulator judges an INSERT of PartiQL by its own action, on its own table."""

import json

import pytest
from ministack.core import iam_actions

from localstack.machine import statements

TABLE = "arn:aws:dynamodb:eu-west-1:1:table/Vault-1.a_b"


@pytest.fixture(autouse=True)
def _judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """MiniStack is as it was, once the test is over."""
    for name in ("extract_iam_action", "dynamodb_resource_arns"):
        monkeypatch.setattr(iam_actions, name, getattr(iam_actions, name))
    statements.judge_statements()


def action(operation: str, **asked: object) -> str | None:
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    found: str | None = iam_actions.extract_iam_action("dynamodb", "POST", "/", headers, body(**asked), {})
    return found


def resource(**asked: object) -> object:
    return iam_actions.extract_resource_arn("dynamodb", "POST", "/", {}, body(**asked), {}, "eu-west-1", "1")


def body(**asked: object) -> bytes:
    return json.dumps(asked).encode()


@pytest.mark.parametrize(
    "statement", ["INSERT INTO \"Vault-1.a_b\" VALUE {'pk': ?}", "insert into Vault-1.a_b v"]
)
def test_an_insert_is_an_action_of_its_own_on_the_table_that_it_names(statement: str) -> None:
    assert action("ExecuteStatement", Statement=statement) == "dynamodb:PartiQLInsert"
    assert resource(Statement=statement) == TABLE


@pytest.mark.parametrize(
    "statement", ['UPDATE "Vault" SET a=1', 'DELETE FROM "Vault"', 'SELECT * FROM "Vault"', ""]
)
def test_any_other_statement_is_left_to_the_emulator(statement: str) -> None:
    assert action("ExecuteStatement", Statement=statement) == "dynamodb:ExecuteStatement"
    assert resource(Statement=statement) == "*"


def test_a_request_without_a_statement_is_judged_as_before() -> None:
    assert action("GetItem", TableName="Vault-1.a_b") == "dynamodb:GetItem"
    assert resource(TableName="Vault-1.a_b") == TABLE
    broken = iam_actions.dynamodb_resource_arns(b"{", "eu-west-1", "1")
    assert broken == []
