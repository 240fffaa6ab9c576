"""The HTTP APIs: each route is there, guarded and throttled; the gateway answers with problem bodies."""

import json
from typing import Any

import pytest

from tests.infrastructure.permissions import written_out
from tests.infrastructure.synthesis import Assembly

ROUTES = {
    "PUT /customers/me": "Customers",
    "GET /customers/me": "Customers",
    "PUT /customers/me/addresses/{name}": "Customers",
    "DELETE /customers/me/addresses/{name}": "Customers",
    "POST /customers/me/erase": "Customers",
    "GET /customers/{customer_id}": "Customers",
    "POST /customers/{customer_id}/erase": "Customers",
    "PUT /catalog/products/{sku}": "Catalog",
    "GET /catalog/products/{sku}": "Catalog",
    "DELETE /catalog/products/{sku}": "Catalog",
    "PUT /catalog/products/{sku}/price": "Catalog",
    "POST /inventory/{sku}/adjustments": "Inventory",
    "POST /inventory/{sku}/buckets": "Inventory",
    "POST /inventory/{sku}/receipts": "Inventory",
    "GET /inventory/{sku}": "Inventory",
    "POST /payments/methods": "Payments",
    "GET /payments/{order_id}": "Payments",
    "GET /payments/{order_id}/refunds": "Payments",
    "POST /payments/{order_id}/refunds": "Payments",
    "POST /payments/{order_id}/refunds/{refund}/retry": "Payments",
    "POST /payments/{order_id}/refunds/{refund}/settle": "Payments",
    "GET /payments/refunds/failed": "Payments",
    "GET /payments/differences": "Payments",
    "POST /payments/differences/{difference}/resolve": "Payments",
    "POST /payments/webhooks": "Payments",
    "POST /payments/webhooks/registration": "Payments",
    "GET /wallets/me": "Payments",
    "GET /wallets/{customer_id}": "Payments",
    "POST /wallets/{customer_id}/deposits": "Payments",
    "POST /wallets/{customer_id}/payouts": "Payments",
    "POST /checkout": "Orders",
    "GET /orders/{order_id}": "Orders",
    "POST /orders/{order_id}/cancel": "Orders",
    "GET /ops/checkouts": "Orders",
    "POST /ops/checkouts/resume": "Checkout",
    "POST /ops/checkouts/{order_id}/resume": "Checkout",
    "POST /ops/checkouts/{order_id}/resolve": "Checkout",
    "GET /storefront/orders/{order_id}": "Storefront",
    "GET /storefront/customers/{customer_id}/orders": "Storefront",
    "GET /storefront/me/orders": "Storefront",
    "GET /ops/dead-letters": "Operations",
    "GET /ops/dead-letters/{queue}": "Operations",
    "POST /ops/dead-letters/{queue}/redrive": "Operations",
    "POST /ops/outbox/{service}/republish": "Operations",
    "GET /ops/audit": "Operations",
    "GET /ledger/orders/{order_id}/statement": "Payments",
    "GET /ledger/wallets/{customer_id}/statement": "Payments",
    "GET /wallets/me/statement": "Payments",
    "GET /ledger/trial-balance": "Payments",
    "GET /ledger/revenue": "Payments",
    "GET /ledger/months/{month}": "Payments",
    "POST /ledger/months/{month}/closing": "Payments",
}


# The processor has no token: its signature is checked by the handler.
OPEN = {"POST /payments/webhooks"}
# The functions that answer other routes than the API of their service.
OTHER = {"POST /payments/webhooks": "WebhooksApi", "POST /payments/webhooks/registration": "WebhooksApi"}


def routes(assembly: Assembly, stack: str) -> dict[str, dict[str, Any]]:
    """Method and path of every route of a stack's API."""
    resources = assembly.templates[stack]["Resources"]

    def path(reference: dict[str, Any]) -> str:
        if "Fn::GetAtt" in reference:
            return ""
        properties = resources[reference["Ref"]]["Properties"]
        return f"{path(properties['ParentId'])}/{properties['PathPart']}"

    return {
        f"{method['HttpMethod']} {path(method['ResourceId'])}": method
        for other, _, method in assembly.resources("AWS::ApiGateway::Method")
        if other == stack
    }


def test_every_route_goes_to_the_api_of_its_service(assembly: Assembly) -> None:
    found = routes(assembly, "SettleEdge")
    assert set(found) == set(ROUTES)
    for route, method in found.items():
        uri = written_out(method["Integration"]["Uri"], assembly.templates, "SettleEdge")
        assert f"Settle{ROUTES[route]}.{ROUTES[route]}{OTHER.get(route, 'Api')}" in uri, route
        assert method["Integration"]["Type"] == "AWS_PROXY", route


def test_every_route_is_behind_the_token_check_where_there_can_be_one(
    assembly: Assembly, target: str
) -> None:
    expected = "NONE" if target == "localstack" else "CUSTOM"
    for route, method in routes(assembly, "SettleEdge").items():
        assert method["AuthorizationType"] == ("NONE" if route in OPEN else expected), route
    authorizers = [properties for _, _, properties in assembly.resources("AWS::ApiGateway::Authorizer")]
    if target == "localstack":
        assert authorizers == []
        return
    (authorizer,) = authorizers
    assert authorizer["Type"] == "REQUEST"
    assert authorizer["IdentitySource"] == "method.request.header.Authorization"
    assert authorizer["AuthorizerResultTtlInSeconds"] == 300


def test_every_api_is_throttled_on_stage_v1(assembly: Assembly) -> None:
    stages = [stage for _, _, stage in assembly.resources("AWS::ApiGateway::Stage")]
    assert len(stages) == len(list(assembly.resources("AWS::ApiGateway::RestApi"))) == 2
    for stage in stages:
        (settings,) = stage["MethodSettings"]
        assert stage["StageName"] == "v1"
        assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
        assert 0 < settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"] <= 5000


@pytest.mark.parametrize("stack", ["SettleEdge", "SettleAcquirer"])
def test_the_gateways_own_answers_are_problem_bodies(assembly: Assembly, stack: str) -> None:
    answers = {
        properties["ResponseType"]: properties
        for other, _, properties in assembly.resources("AWS::ApiGateway::GatewayResponse")
        if other == stack
    }
    statuses = {kind: answer.get("StatusCode") for kind, answer in answers.items()}
    assert statuses == {
        "UNAUTHORIZED": "401",
        "ACCESS_DENIED": "403",
        "MISSING_AUTHENTICATION_TOKEN": "404",
        "RESOURCE_NOT_FOUND": "404",
        "REQUEST_TOO_LARGE": "413",
        "THROTTLED": "429",
        "DEFAULT_4XX": None,
        "DEFAULT_5XX": None,
    }
    for kind, answer in answers.items():
        problem = json.loads(answer["ResponseTemplates"]["application/json"])
        assert set(problem) == {"error", "message"}, kind
        assert all(problem.values()), kind
