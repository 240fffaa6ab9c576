"""Owns the public HTTP API: every declared route of the services, each behind the token check."""

from collections.abc import Sequence

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.manifest import routes
from infrastructure.platform import Home, Platform
from infrastructure.rest_api import RestApi


class Edge(Construct):
    """`apis` answer the routes. A route without a role is open: its handler has a check of its own."""

    def __init__(self, scope: Construct, *, platform: Platform, apis: Sequence[ServiceFunction]) -> None:
        super().__init__(scope, "Edge")
        target = platform.target
        api = RestApi(self, "Api", target=target)
        # The authorizer stands in this stack. From another stack, the two stacks would refer to each other.
        authorizer = self._authorizer(platform) if target.has_authorizers else None
        functions = {api.handler: api for api in apis}
        for route in routes(*functions):
            integration = apigateway.LambdaIntegration(functions[route["handler"]], allow_test_invoke=False)
            check = authorizer if route["role"] else None
            api.root.resource_for_path(route["path"]).add_method(
                route["method"], integration, authorizer=check
            )
        CfnOutput(Stack.of(self), "ApiUrl", value=api.address)

    def _authorizer(self, platform: Platform) -> apigateway.IAuthorizer:
        """Its answer is cached for five minutes per token. Handlers check role, owner and expiry anew."""
        home = Home("authorizer", platform)
        check = ServiceFunction(self, "authorizer.handler.handler", home=home, refuses=True)
        check.verifies()
        return apigateway.RequestAuthorizer(
            self,
            "Tokens",
            handler=check,
            identity_sources=[apigateway.IdentitySource.header("Authorization")],
            results_cache_ttl=Duration.minutes(5),
        )
