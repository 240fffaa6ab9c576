"""Owns the public HTTP API: every declared route of the services, each behind the token check."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.manifest import routes
from infrastructure.platform import Home, Platform
from infrastructure.rest_api import RestApi


class Edge(Construct):
    """`apis` maps a service to the function that answers its routes."""

    def __init__(self, scope: Construct, *, platform: Platform, apis: Mapping[str, ServiceFunction]) -> None:
        super().__init__(scope, "Edge")
        target = platform.target
        api = RestApi(self, "Api", target=target)
        # The authorizer stands in this stack. From another stack, the two stacks would refer to each other.
        authorizer = self._authorizer(platform) if target.has_authorizers else None
        for method, path, service in routes(*apis):
            api.root.resource_for_path(path).add_method(
                method,
                apigateway.LambdaIntegration(apis[service], allow_test_invoke=False),
                authorizer=authorizer,
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
