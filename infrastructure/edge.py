"""Owns the public HTTP API: every route in one place, each behind the token check."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.rest_api import RestApi

ROUTES = (
    ("PUT", "/catalog/products/{sku}", "catalog"),
    ("GET", "/catalog/products/{sku}", "catalog"),
    ("DELETE", "/catalog/products/{sku}", "catalog"),
    ("PUT", "/catalog/products/{sku}/price", "catalog"),
    ("GET", "/inventory/{sku}", "inventory"),
    ("POST", "/inventory/{sku}/receipts", "inventory"),
    ("POST", "/payments/methods", "payments"),
    ("GET", "/payments/{order_id}", "payments"),
    ("POST", "/checkout", "orders"),
    ("GET", "/orders/{order_id}", "orders"),
    ("POST", "/orders/{order_id}/cancel", "orders"),
    ("GET", "/ops/checkouts", "orders"),
    ("POST", "/ops/checkouts/{order_id}/resume", "checkout"),
    ("POST", "/ops/checkouts/{order_id}/resolve", "checkout"),
    ("GET", "/storefront/orders/{order_id}", "storefront"),
    ("GET", "/storefront/customers/{customer_id}/orders", "storefront"),
    ("GET", "/ops/dead-letters", "operations"),
    ("GET", "/ops/dead-letters/{queue}", "operations"),
    ("POST", "/ops/dead-letters/{queue}/redrive", "operations"),
    ("POST", "/ops/outbox/{service}/republish", "operations"),
    ("GET", "/ops/audit", "operations"),
)


class Edge(Construct):
    """`apis` maps a service to the function that answers its routes."""

    def __init__(self, scope: Construct, *, platform: Platform, apis: Mapping[str, ServiceFunction]) -> None:
        super().__init__(scope, "Edge")
        target = platform.target
        api = RestApi(self, "Api", target=target)
        # An authorizer's function in another stack would make the two stacks refer to each other.
        authorizer = self._authorizer(platform) if target.has_authorizers else None
        for method, path, service in ROUTES:
            api.root.resource_for_path(path).add_method(
                method,
                apigateway.LambdaIntegration(apis[service], allow_test_invoke=False),
                authorizer=authorizer,
            )
        CfnOutput(Stack.of(self), "ApiUrl", value=api.address)

    def _authorizer(self, platform: Platform) -> apigateway.IAuthorizer:
        """Its answer is kept for five minutes per token; handlers check role, owner and expiry each time."""
        home = Home("authorizer", platform)
        check = ServiceFunction(self, "authorizer.handler.handler", home=home, refuses=True)
        check.knows(**platform.target.tokens)
        return apigateway.RequestAuthorizer(
            self,
            "Tokens",
            handler=check,
            identity_sources=[apigateway.IdentitySource.header("Authorization")],
            results_cache_ttl=Duration.minutes(5),
        )
