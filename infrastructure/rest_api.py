"""Owns the settings of every HTTP API of Settle: stage `v1`, throttling, problem bodies from the gateway."""

import json

from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from infrastructure.target import Target

TYPE = apigateway.ResponseType
FAILED = "Something failed here; the request may be repeated."
PROBLEMS = (
    (
        TYPE.UNAUTHORIZED,
        "401",
        "Unauthenticated",
        "The bearer token is missing, expired or not to be trusted.",
    ),
    (TYPE.ACCESS_DENIED, "403", "Forbidden", "This is not allowed to the caller."),
    (TYPE.MISSING_AUTHENTICATION_TOKEN, "404", "NotFound", "There is nothing here for this caller."),
    (TYPE.RESOURCE_NOT_FOUND, "404", "NotFound", "There is nothing here for this caller."),
    (TYPE.REQUEST_TOO_LARGE, "413", "RequestTooLarge", "The request is too large."),
    (TYPE.THROTTLED, "429", "TooManyRequests", "Too many requests at once; try again in a moment."),
    (TYPE.DEFAULT_4_XX, None, "InvalidRequest", "The request is not one this service understands."),
    (TYPE.DEFAULT_5_XX, None, "InternalError", FAILED),
)


class RestApi(apigateway.RestApi):
    """A regional REST API whose every answer is JSON; `address` has no trailing slash."""

    def __init__(self, scope: Construct, id: str, *, target: Target) -> None:
        stage = apigateway.StageOptions(
            stage_name="v1", throttling_rate_limit=200, throttling_burst_limit=400, tracing_enabled=False
        )
        super().__init__(
            scope,
            id,
            deploy_options=stage,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
        )
        self.node.try_remove_child("Endpoint")
        self.address = target.url(self)
        for kind, status, error, message in PROBLEMS:
            self.add_gateway_response(
                error if status != "404" else kind.response_type,
                type=kind,
                status_code=status,
                response_headers={"Cache-Control": "'no-store'"},
                templates={"application/json": json.dumps({"error": error, "message": message})},
            )
