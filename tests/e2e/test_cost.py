"""The meter of `make cost` counts the writes of a checkout as the emulator does, by a counter of its own."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from localstack.machine import aws, capacity
from localstack.machine.emulator import Emulator
from localstack.shop.deployed import FINAL, DeployedShop, expect, wait_for
from tests.simulator.cost.bill import service
from tests.simulator.cost.deployment import Deployment, index_of
from tests.simulator.cost.plays import CASES, checkout

Tables = dict[str, list[dict[str, Any]]]
CALLS = (*capacity.WRITES, "GetItem", "BatchGetItem", "TransactGetItems")


@pytest.fixture
def bought(
    machine: Emulator, shop: DeployedShop, everything: Callable[[], Tables], table_names: dict[str, str]
) -> Mapping[tuple[str, str], float]:
    """Calls by service and operation, and write units, of one checkout of one line on the emulator."""
    sku, method = shop.new_product(price=1250, quantity=5), shop.method("gina", "pm_approve")
    shop.on_sale(sku, 1250)
    everything()
    file = Path(machine.state) / capacity.FILE
    before = file.stat().st_size
    order = expect(shop.customer("gina").checkout(sku, 2, method), 202)["order_id"]
    wait_for(everything, lambda tables: _ended(tables["orders"], order))
    services = {table: name for name, table in table_names.items()}
    return Counter(dict(_counted(file.read_bytes()[before:], services)))


def _ended(orders: list[dict[str, Any]], order: str) -> bool:
    return any(
        item.get("order_id") == {"S": order} and item["status"]["S"] in FINAL
        for item in orders
        if "status" in item
    )


def _counted(lines: bytes, services: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], float]]:
    counts: Counter[tuple[str, str]] = Counter()
    for line in lines.splitlines():
        told = json.loads(line)
        name = services[told["table"]]
        counts[name, told["operation"]] += 1
        counts[name, "write units"] += told["units"]
    yield from counts.items()


@pytest.fixture
def metered(shop: DeployedShop, table_names: dict[str, str]) -> Mapping[tuple[str, str], float]:
    """The same of the same checkout in the simulated world, with the indexes of the emulator's tables."""
    dynamodb = aws.client("dynamodb", shop.deployment.endpoint)
    described = {
        name: dynamodb.describe_table(TableName=table)["Table"] for name, table in table_names.items()
    }
    indexes = {
        f"{name}-table": {
            index["IndexName"]: index_of(index) for index in table.get("GlobalSecondaryIndexes", [])
        }
        for name, table in described.items()
    }
    counted = checkout(CASES[0], Deployment({}, {}, {}, indexes, {}), alone=True)
    counts: Counter[tuple[str, str]] = Counter()
    for (function, unit), count in counted.counts.items():
        counts[service(function), unit] += count  # type: ignore[assignment] # whole, of one order
    return counts


def test_the_meter_counts_the_calls_and_the_write_units_that_the_emulator_counts(
    bought: Mapping[tuple[str, str], float], metered: Mapping[tuple[str, str], float]
) -> None:
    """Every event has come alone there too, or the emulator has folded two of them at once."""
    told = {what: count for what, count in bought.items() if what[1] in (*CALLS, "write units") and count}
    steady = {what: count for what, count in told.items() if what[0] != "storefront"}
    assert steady == {what: metered[what] for what in steady}
    assert {service for service, _ in steady} == {"orders", "inventory", "payments", "acquirer"}
    views = {what: count for what, count in told.items() if what[0] == "storefront"}
    assert views == {what: pytest.approx(metered[what], rel=0.25) for what in views}
    assert views["storefront", "write units"] > 0
