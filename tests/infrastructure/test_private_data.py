"""In the synthesized templates: no service can reach another's data, publish as another, or do too much."""

from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

import pytest

from infrastructure.service_table import PrivateTable, ServiceTable, Vault
from payments import breaker
from tests.infrastructure.permissions import Grant, allowed, is_of, reaches, written_out
from tests.infrastructure.synthesis import Assembly

PUBLISHERS = ("catalog", "customers", "orders", "inventory", "payments")
# Where a resource or an action may hold a wildcard, and why it must.
WILDCARDS = {
    (
        "*",
        "logs:CreateLogStream",
        "arn:aws:logs:here:me:log-group:*:*",
    ): "the streams of a function's own log group",
    (
        "*",
        "logs:PutLogEvents",
        "arn:aws:logs:here:me:log-group:*:*",
    ): "the streams of a function's own log group",
    **{
        (machine, action, "*"): "delivering a state machine's log has no resource to name"
        for machine in ("CheckoutSaga", "ExpressCheckoutSaga", "CheckoutRepair")
        for action in (
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        )
    },
}


def tables(assembly: Assembly) -> dict[str, list[str]]:
    """The ARNs of each stack's tables, and of their indexes and streams."""
    found: dict[str, list[str]] = defaultdict(list)
    for stack, name, properties in assembly.resources("AWS::DynamoDB::Table"):
        arn = f"arn:aws:dynamodb:here:me:table/{stack}.{name}"
        indexes = [index["IndexName"] for index in properties.get("GlobalSecondaryIndexes", [])]
        found[stack] += [arn, f"{arn}/stream/now", *(f"{arn}/index/{index}" for index in [*indexes, "later"])]
    return found


def test_each_service_has_one_table_but_two_that_keep_something_apart(assembly: Assembly) -> None:
    owners = {
        "Catalog",
        "Customers",
        "Orders",
        "Inventory",
        "Payments",
        "Acquirer",
        "Storefront",
        "Operations",
    }
    assert set(tables(assembly)) == {f"Settle{owner}" for owner in owners}
    count = Counter(stack for stack, *_ in assembly.resources("AWS::DynamoDB::Table"))
    more = {stack: number for stack, number in count.items() if number > 1}
    assert more == {"SettleCustomers": 2, "SettlePayments": 2}  # data keys, and the vault of seals
    for _, name, table in assembly.resources("AWS::DynamoDB::Table"):
        assert "ResourcePolicy" not in table, name


def test_no_role_reaches_the_table_index_or_stream_of_another_service(
    assembly: Assembly, given: list[Grant]
) -> None:
    crossing = [
        (grant.role, grant.action, arn)
        for owner, arns in tables(assembly).items()
        for arn in arns
        for grant in given
        if grant.stack != owner and reaches(grant.resource, arn)
    ]
    # A grant on "*" covers every table, so its action is looked at: all of these are about logs.
    assert [entry for entry in crossing if not entry[1].startswith("logs:")] == []


@pytest.mark.parametrize("kind", [ServiceTable, Vault])
def test_a_table_cannot_be_opened_to_a_function_of_another_service(kind: type[PrivateTable]) -> None:
    table: Any = SimpleNamespace(home=SimpleNamespace(service="payments"))
    function: Any = SimpleNamespace(
        home=SimpleNamespace(service="orders"), node=SimpleNamespace(path="SettleOrders/Orders/Api")
    )
    with pytest.raises(ValueError, match="SettleOrders/Orders/Api may not touch the table of payments"):
        kind.allow(table, function, "GetItem")


def test_every_table_is_reached_by_its_own_service(assembly: Assembly, given: list[Grant]) -> None:
    reached = {grant.stack for grant in given if grant.action == "dynamodb:UpdateItem"}
    assert reached == set(tables(assembly))


def test_no_action_or_resource_holds_a_wildcard_without_a_reason(given: list[Grant]) -> None:
    unreasoned = [
        grant
        for grant in given
        if "*" in grant.action + grant.resource
        and not any(
            is_of(grant, role) and grant.action == action and fnmatchcase(grant.resource, resource)
            for role, action, resource in WILDCARDS
        )
    ]
    assert unreasoned == []


def test_every_reason_for_a_wildcard_is_still_needed(given: list[Grant]) -> None:
    needless = [
        (role, action)
        for role, action, resource in WILDCARDS
        if not any(is_of(grant, role) and grant.action == action for grant in given)
    ]
    assert needless == []


def test_nobody_is_trusted_but_lambda_and_step_functions(assembly: Assembly) -> None:
    for _, name, role in assembly.resources("AWS::IAM::Role"):
        principals = [one["Principal"] for one in role["AssumeRolePolicyDocument"]["Statement"]]
        assert principals in ([{"Service": "lambda.amazonaws.com"}], [{"Service": "states.amazonaws.com"}]), (
            name
        )


def test_each_role_belongs_to_one_function(assembly: Assembly) -> None:
    users = defaultdict(list)
    for stack, name, function in assembly.resources("AWS::Lambda::Function"):
        users[stack, function["Role"]["Fn::GetAtt"][0]].append(name)
    assert all(len(names) == 1 for names in users.values())


def test_a_service_publishes_as_itself_and_nobody_else_publishes(given: list[Grant]) -> None:
    publishing = [grant for grant in given if grant.action == "events:PutEvents"]
    assert sorted({grant.stack for grant in publishing}) == sorted(
        f"Settle{name.title()}" for name in PUBLISHERS
    )
    for grant in publishing:
        source = f"settle.{grant.stack.removeprefix('Settle').lower()}"
        assert grant.condition == str({"ForAllValues:StringEquals": {"events:source": source}})
        assert any(is_of(grant, role) for role in ("Relay", "Republish")), grant.role


def test_a_charge_may_put_the_item_of_its_circuit_and_no_other(given: list[Grant]) -> None:
    """Every other write names its attributes, and its condition."""
    puts = [grant for grant in given if grant.action == "dynamodb:PutItem" and "Payments" in grant.stack]
    assert [is_of(grant, "ChargePayment") for grant in puts] == [True]
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [breaker.PARTITION]}}
    assert [grant.condition for grant in puts] == [str(own)]


def test_no_policy_on_a_resource_opens_it_to_everybody(assembly: Assembly) -> None:
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::Lambda::Permission"):
        for stack, name, policy in assembly.resources(kind):
            if kind == "AWS::Lambda::Permission":
                assert policy["Principal"] in ("events.amazonaws.com", "apigateway.amazonaws.com"), name
                assert written_out(policy["SourceArn"], assembly.templates, stack)
                continue
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Principal"] == {"Service": "events.amazonaws.com"}, name
                assert "aws:SourceArn" in statement["Condition"]["ArnEquals"], name


def test_what_functions_may_do_can_be_asked_by_their_construct_id(assembly: Assembly) -> None:
    orders = allowed(assembly.templates["SettleOrders"])
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert orders["OrderStatus"] == {*logs, "dynamodb:GetItem"}
    assert orders["ConfirmOrder"] == {
        *logs,
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    }
    assert set(orders) >= {"Api", "Consumers", "Relay", "Republish", "ClaimOverdue"}
