"""One emulator for the session, with everything deployed to it. It ends with the session in any case."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localstack.machine import aws, deploy, emulator, processes
from localstack.machine.emulator import Emulator
from localstack.shop.deployed import DeployedShop, wait_for

Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The emulator. It ends with this process at the latest. Afterwards none of its processes is left."""
    state = Path(tmp_path_factory.mktemp("e2e")) / "emulator"
    made = emulator.start(state, os.getpid(), "capacity")
    try:
        yield made
    finally:
        emulator.stop(state)
    assert not processes.group_lives(made.pid)


@pytest.fixture(scope="session")
def shop(machine: Emulator) -> DeployedShop:
    return DeployedShop(deploy.deploy(machine.endpoint, Path(machine.state)))


@pytest.fixture(scope="session")
def table_names(shop: DeployedShop) -> dict[str, str]:
    """The table of each service that has one, by the service's name."""
    return {
        stack.removeprefix("Settle").lower(): outputs["TableName"]
        for stack, outputs in shop.deployment.outputs.items()
        if "TableName" in outputs
    }


@pytest.fixture(scope="session")
def everything(shop: DeployedShop, table_names: dict[str, str]) -> Callable[[], Tables]:
    """Returns every item of every table, once all tables have stopped changing."""
    dynamodb = aws.client("dynamodb", shop.deployment.endpoint)

    def scan(table: str) -> list[dict[str, Any]]:
        pages = dynamodb.get_paginator("scan").paginate(TableName=table)
        items = [item for page in pages for item in page["Items"]]
        return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    def look() -> Tables:
        return {service: scan(table) for service, table in table_names.items()}

    def settled() -> Tables:
        last: list[Tables] = []

        def quiet(seen: Tables) -> bool:
            last.append(seen)
            return len(last) > 8 and all(each == seen for each in last[-8:])

        return wait_for(look, quiet)

    return settled
