"""The deployed stack that commands read: the demo's emulator while it is up, or the caller's account."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from kernel.table.items import pack, unpack
from localstack.machine import aws, emulator
from ops.evidence import Item

Stack = Mapping[str, Any]


@dataclass(frozen=True)
class Deployment:
    """A deployed Settle, read only. `client` makes a client of an AWS service there."""

    name: str
    client: Callable[[str], Any]

    def tables(self) -> Mapping[str, str]:
        """The name of each service's table, by service."""
        return self.outputs("TableName")

    def outputs(self, name: str) -> Mapping[str, str]:
        """The value of the output `name` of every stack that has it, by service."""
        told = {stack["StackName"]: _outputs(stack) for stack in self._stacks()}
        found = {stack: outputs[name] for stack, outputs in told.items() if name in outputs}
        return {stack.removeprefix("Settle").lower(): value for stack, value in found.items()}

    def resources(self, kind: str) -> list[str]:
        """The physical ids of all of Settle's resources of a type."""
        pages = [
            page
            for stack in self._stacks()
            for page in self._pages("cloudformation", "list_stack_resources", StackName=stack["StackName"])
        ]
        return [
            resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == kind
        ]

    def scan(self, table: str, **options: Any) -> Iterator[Item]:
        """Every item of a table as plain values. Each item is as it was at some moment of the scan."""
        for page in self._pages("dynamodb", "scan", TableName=table, ConsistentRead=True, **options):
            yield from map(unpack, page["Items"])

    def load(self, table: str, key: Mapping[str, str]) -> Item:
        """The item as it is now; empty when there is none."""
        found = self.client("dynamodb").get_item(TableName=table, Key=pack(key), ConsistentRead=True)
        return unpack(found.get("Item", {}))

    def query(self, table: str, pk: str) -> Iterator[Item]:
        """Every item of a partition."""
        condition = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": pack({":pk": pk})}
        for page in self._pages("dynamodb", "query", TableName=table, ConsistentRead=True, **condition):
            yield from map(unpack, page["Items"])

    def _stacks(self) -> Iterator[Stack]:
        for page in self._pages("cloudformation", "describe_stacks"):
            yield from (stack for stack in page["Stacks"] if stack["StackName"].startswith("Settle"))

    def _pages(self, service: str, operation: str, **given: Any) -> Iterator[Any]:
        return iter(self.client(service).get_paginator(operation).paginate(**given))


def _outputs(stack: Stack) -> Mapping[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def here() -> Deployment:
    """The emulator that `make demo` has left running; otherwise the account of the caller's credentials.

    With TARGET=cloud in the environment it is always the account.
    """
    found = None if os.environ.get("TARGET") == "cloud" else emulator.running()
    if found:
        endpoint = found.endpoint
        return Deployment(f"the emulator at {endpoint}", lambda service: aws.client(service, endpoint))
    session: Any = boto3.Session()
    account = session.client("sts").get_caller_identity()["Account"]
    return Deployment(f"AWS account {account}, {session.region_name}", session.client)
