"""In the running emulator IAM lets no service's role touch another service's table, index or stream."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import botocore.exceptions
import pytest

from localstack.machine import aws
from localstack.shop.deployed import DeployedShop

ServiceRole = tuple[str, str]  # a service and one of its roles


def outcome(call: Callable[[], Any]) -> str:
    """Either "denied" by IAM, or "allowed", also when the call failed because only its names were wrong."""
    try:
        call()
    except botocore.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        return "denied" if code.startswith("AccessDenied") else "allowed"
    return "allowed"


@pytest.fixture(scope="module")
def roles(shop: DeployedShop) -> set[ServiceRole]:
    """Every function's service and role, as deployed."""
    pages = aws.client("lambda", shop.deployment.endpoint).get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    return {
        (each["Environment"]["Variables"]["SERVICE"], each["Role"])
        for each in functions
        if "SERVICE" in each.get("Environment", {}).get("Variables", {})
    }


@dataclass(frozen=True)
class Clients:
    """DynamoDB and its streams, with a role's rights."""

    data: Any
    streams: Any

    @staticmethod
    def of(shop: DeployedShop, role: str) -> "Clients":
        tokens = aws.client("sts", shop.deployment.endpoint)
        found = tokens.assume_role(RoleArn=role, RoleSessionName="isolation")["Credentials"]
        keys = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        return Clients(
            *(aws.client(name, shop.deployment.endpoint, keys) for name in ("dynamodb", "dynamodbstreams"))
        )

    def query(self, **where: str) -> Any:
        said = {":value": {"S": "-"}}
        return self.data.query(**where, KeyConditionExpression="pk = :value", ExpressionAttributeValues=said)

    def told(self, table: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The answer of IAM to this role for each way to touch the table."""
        name, key = table["TableName"], {"pk": {"S": "-"}, "sk": {"S": "-"}}
        yield "get", outcome(lambda: self.data.get_item(TableName=name, Key=key))
        yield "update", outcome(lambda: self.data.update_item(TableName=name, Key=key))
        yield "query", outcome(lambda: self.query(TableName=name))
        for index in table.get("GlobalSecondaryIndexes", []):
            yield "index", outcome(partial(self.query, TableName=name, IndexName=index["IndexName"]))
        yield "stream", outcome(lambda: self.streams.describe_stream(StreamArn=table["LatestStreamArn"]))


@pytest.fixture(scope="module")
def tables(shop: DeployedShop, table_names: dict[str, str]) -> dict[str, dict[str, Any]]:
    data = aws.client("dynamodb", shop.deployment.endpoint)
    return {service: data.describe_table(TableName=name)["Table"] for service, name in table_names.items()}


def test_no_role_of_a_service_touches_another_services_table(
    shop: DeployedShop, roles: set[ServiceRole], tables: dict[str, dict[str, Any]]
) -> None:
    told = []
    for service, role in sorted(roles):
        clients = Clients.of(shop, role)
        others = ((owner, table) for owner, table in tables.items() if owner != service)
        told += [(role, owner, *each) for owner, table in others for each in clients.told(table)]
    assert {service for service, _ in roles} >= set(tables)
    assert {way for _, _, way, _ in told} == {"get", "update", "query", "index", "stream"}
    assert len(told) >= len(roles) * (len(tables) - 1) * 4
    assert [each for each in told if each[-1] != "denied"] == []


def test_each_service_has_a_role_that_reads_its_own_table(
    shop: DeployedShop, roles: set[ServiceRole], tables: dict[str, dict[str, Any]]
) -> None:
    allowed = {
        service
        for service, role in roles
        if service in tables
        and any(answer == "allowed" for _, answer in Clients.of(shop, role).told(tables[service]))
    }
    assert allowed == set(tables)
