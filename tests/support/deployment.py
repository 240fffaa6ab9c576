"""A deployed stack as the operators' commands find it: moto's AWS, and a fake CloudFormation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.table import items
from ops.deployment import Deployment
from tests.support import aws
from tests.support.evidence import Books
from tests.support.wiring import PUBLISHERS

SERVICES = (*PUBLISHERS, "storefront", "acquirer")
VAULT = {"VaultName": "vault-table"}


@dataclass
class FakeCloudFormation:
    """Answers as CloudFormation does, one stack or resource on each page. One stack is not Settle's."""

    resources: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def get_paginator(self, operation: str) -> "FakePaginator":
        return FakePaginator(self, operation)

    def describe_stacks(self) -> Iterator[Mapping[str, Any]]:
        yield {"Stacks": [{"StackName": "CDKToolkit", "Outputs": _outputs({"TableName": "none"})}]}
        tables = {f"Settle{service.title()}": {"TableName": f"{service}-table"} for service in SERVICES}
        tables["SettlePayments"] |= VAULT
        yield {"Stacks": [{"StackName": "SettlePlatform"}]}
        for stack in ("SettleCheckout", *tables):
            outputs = tables.get(stack, {}) | self.outputs.get(stack, {})
            yield {"Stacks": [{"StackName": stack, "Outputs": _outputs(outputs)}]}

    def list_stack_resources(self, stack: str) -> Iterator[Mapping[str, Any]]:
        for kind, physical in self.resources.get(stack, []):
            summary = {"ResourceType": kind, "PhysicalResourceId": physical}
            yield {"StackResourceSummaries": [summary]}


@dataclass(frozen=True)
class FakePaginator:
    formation: FakeCloudFormation
    operation: str

    def paginate(self, StackName: str = "") -> Iterator[Mapping[str, Any]]:  # noqa: N803 - as boto3
        if self.operation == "describe_stacks":
            return self.formation.describe_stacks()
        return self.formation.list_stack_resources(StackName)


def deployed(books: Books, formation: FakeCloudFormation | None = None) -> Deployment:
    """A deployment in moto's AWS, whose tables hold all that the books have."""
    found = formation or FakeCloudFormation()
    for service in (*SERVICES, "vault"):
        aws.create_table(service)
    for service, rows in [*books.tables().items(), ("acquirer", _intents(books))]:
        put(service, rows)
    return Deployment("a test", lambda name: found if name == "cloudformation" else aws.client(name))


def put(service: str, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        aws.client("dynamodb").put_item(TableName=f"{service}-table", Item=items.pack(row))


def _intents(books: Books) -> list[dict[str, Any]]:
    """The intents as the sandbox processor stores them."""
    return [
        {
            "pk": f"intent#{intent['id']}",
            "sk": "intent",
            **{name: intent[name] for name in ("id", "reference", "amount", "currency", "status")},
            "payment_method": "pm_approve",
            "settles_at": "",
            "refunds": [{"amount": intent["amount_refunded"]}] if intent["amount_refunded"] else [],
        }
        for intent in books.intents
    ]


def _outputs(told: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"OutputKey": name, "OutputValue": value} for name, value in told.items()]
