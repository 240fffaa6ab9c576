"""Stacks as a whole: tables, names, alarms, tags, and who refers to whom."""

import json
from typing import Any

import pytest

from tests.infrastructure.permissions import written_out
from tests.infrastructure.synthesis import Assembly
from tests.support.aws import INDEXES

# CloudFormation requires these names. CDK makes all but the stage's, which is part of the address.
NAMED = {
    ("AWS::Events::EventBus", "Name"),
    ("AWS::ApiGateway::RestApi", "Name"),
    ("AWS::ApiGateway::Stage", "StageName"),
    ("AWS::ApiGateway::Authorizer", "Name"),
    ("AWS::IAM::Policy", "PolicyName"),
}
NAMES: tuple[str, ...]
NAMES = ("Name", "FunctionName", "TableName", "QueueName", "RoleName", "TopicName", "StateMachineName")
NAMES += ("LogGroupName", "AlarmName", "DashboardName", "PolicyName", "StageName", "LayerName", "RuleName")


def test_tables_have_the_shape_that_the_kernel_and_the_tests_rely_on(assembly: Assembly) -> None:
    for stack, name, table in assembly.resources("AWS::DynamoDB::Table"):
        if "Vault" in name:  # it publishes nothing, and nothing in it expires
            assert not {"TimeToLiveSpecification", "StreamSpecification"} & table.keys()
            continue
        keys = [key["AttributeName"] for key in table["KeySchema"]]
        indexes = {
            index["IndexName"]: tuple(key["AttributeName"] for key in index["KeySchema"])
            for index in table.get("GlobalSecondaryIndexes", [])
        }
        assert keys == ["pk", "sk"], name
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        if name.startswith("CustomersKeys"):
            continue
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}, name
        assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}, name
        assert indexes == INDEXES.get(stack.removeprefix("Settle").lower(), {}), name


def test_the_table_of_data_keys_leaves_no_copy_of_a_key_anywhere(assembly: Assembly) -> None:
    """A stream or a backup would keep a key that was destroyed, and an expiry would lose one that was not."""
    (keys,) = (
        table
        for _, name, table in assembly.resources("AWS::DynamoDB::Table")
        if name.startswith("CustomersKeys")
    )
    assert set(keys) <= {
        "KeySchema",
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "Tags",
    }


def test_the_key_that_wraps_data_keys_is_renewed_and_stays_where_data_stays(
    assembly: Assembly, target: str
) -> None:
    ((stack, name, key),) = assembly.resources("AWS::KMS::Key")
    assert stack == "SettleCustomers"
    assert key["EnableKeyRotation"] is True
    policy = assembly.templates[stack]["Resources"][name]["DeletionPolicy"]
    assert policy == ("Retain" if target == "cloud" else "Delete")


def test_the_cdk_has_checked_the_templates_and_found_nothing(assembly: Assembly) -> None:
    report = json.loads((assembly.folder / "validation-report.json").read_text())
    assert report["pluginReports"] == []


def test_nothing_has_a_physical_name_that_need_not_have_one(assembly: Assembly) -> None:
    named = {
        (resource["Type"], name)
        for template in assembly.templates.values()
        for resource in template["Resources"].values()
        for name in NAMES
        if name in resource.get("Properties", {}) and resource["Type"] != "AWS::Lambda::EventSourceMapping"
    }
    named = {(kind, name) for kind, name in named if kind != "AWS::Lambda::Permission"}
    assert named - NAMED - {("AWS::Lambda::EventInvokeConfig", "FunctionName")} == set()


def written_out_name(value: Any) -> str:
    """The logical id in a dimension's value, or the literal value."""
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
            return str(name)
        case _:
            return str(value)


Watched = set[tuple[str, ...]]


@pytest.fixture(scope="module")
def watched(assembly: Assembly) -> Watched:
    """The metric of every alarm, with the names of the resources that its dimensions refer to."""
    return {
        (alarm["MetricName"], *(written_out_name(one["Value"]) for one in alarm.get("Dimensions", [])))
        for _, _, alarm in assembly.resources("AWS::CloudWatch::Alarm")
    }


def of(watched: Watched, metric: str) -> list[str]:
    return [name for found, name in watched if found == metric]


def test_every_alarm_tells_the_platforms_topic_and_silence_is_no_alarm(assembly: Assembly) -> None:
    for stack, name, alarm in assembly.resources("AWS::CloudWatch::Alarm"):
        topic = written_out(alarm["AlarmActions"][0], assembly.templates, stack)
        assert topic.startswith("arn:SettlePlatform."), name
        assert alarm["TreatMissingData"] == "notBreaching", name


def test_dead_letters_late_relays_and_parked_orders_raise_an_alarm(
    assembly: Assembly, watched: Watched
) -> None:
    letters = {name for _, name, _ in assembly.resources("AWS::SQS::Queue") if "DeadLetters" in name}
    assert letters == set(of(watched, "ApproximateNumberOfMessagesVisible"))
    assert len(of(watched, "IteratorAge")) == 5
    assert of(watched, "OrderParked") == ["orders"]
    for end in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"):
        assert len(of(watched, end)) == 2, end


def test_failing_functions_raise_an_alarm_unless_they_refuse_as_business(
    assembly: Assembly, watched: Watched
) -> None:
    services = {
        "catalog",
        "customers",
        "orders",
        "inventory",
        "payments",
        "checkout",
        "storefront",
        "operations",
    }
    assert set(of(watched, "Fault")) == {*services, "authorizer"}
    functions = {name for _, name, _ in assembly.resources("AWS::Lambda::Function")}
    unwatched = {name[:-8] for name in functions - set(of(watched, "Errors"))}
    refusing = {"InventoryReserveStock", "OrdersConfirmOrder", "OrdersFenceOrder", "PaymentsChargePayment"}
    assert unwatched - {"EdgeAuthorizer"} == refusing


def test_every_stack_is_tagged_and_tells_its_table(assembly: Assembly, target: str) -> None:
    for stack, _, table in assembly.resources("AWS::DynamoDB::Table"):
        service = stack.removeprefix("Settle").lower()
        tags = {tag["Key"]: tag["Value"] for tag in table["Tags"]}
        assert tags == {"project": "settle", "service": service, "target": target}
        assert "TableName" in assembly.templates[stack]["Outputs"]
    outputs = {stack: set(template.get("Outputs", {})) for stack, template in assembly.templates.items()}
    assert "ApiUrl" in outputs["SettleEdge"]
    assert {"AcquirerUrl", "AcquirerSecretArn"} <= outputs["SettleAcquirer"]
    assert "ConfirmOrderRoleArn" in outputs["SettleOrders"]
    assert "VaultName" in outputs["SettlePayments"]
    assert {"CheckoutSagaArn", "CheckoutRepairArn"} <= outputs["SettleCheckout"]
    logs = {(stack, name[:-8]) for stack, name, _ in assembly.resources("AWS::Logs::LogGroup")}
    apis = {stack for stack, name in logs if name.endswith("ApiLog")}
    assert {stack for stack in outputs if "ApiLog" in outputs[stack]} == apis


def test_services_refer_to_no_other_services_stack(assembly: Assembly) -> None:
    queues = {"Acquirer", "Catalog", "Customers", "Orders", "Inventory", "Payments", "Storefront", "Checkout"}
    may = {
        "SettleOperations": {f"Settle{owner}" for owner in queues},
        "SettlePayments": {"SettleAcquirer"},  # the sandbox stands for an outside processor
        "SettleCheckout": {"SettleOrders", "SettleInventory", "SettlePayments"},
        "SettleCustomers": {"SettleOrders", "SettlePayments"},  # it asks both before it forgets a person
        "SettleEdge": {
            "SettleCatalog",
            "SettleCustomers",
            "SettleOrders",
            "SettleInventory",
            "SettlePayments",
            "SettleStorefront",
            "SettleCheckout",
            "SettleOperations",
        },
    }
    for stack, template in assembly.templates.items():
        text = json.dumps(template)
        referred = {other for other in assembly.templates if f'"Fn::ImportValue": "{other}:' in text}
        assert referred - {"SettlePlatform"} <= may.get(stack, set()), stack
