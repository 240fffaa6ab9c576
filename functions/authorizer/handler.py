"""Tells the gateway who sends a request, or that the request's token is not to be trusted."""

from collections.abc import Mapping
from typing import Any

from kernel.errors import Unauthenticated
from kernel.triggers.observability import invocation
from kernel.triggers.tokens import Caller, verify


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Answers a REQUEST authorizer's event with the caller. The answer holds for every route of the stage.

    The gateway keeps the answer for minutes, and asks no more about this token. So the answer may not depend
    on the route, and handlers check role, owner and expiry themselves. The gateway answers 401 to an error
    with the message `Unauthorized`, and 500 to any other error.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
    """
    try:
        with invocation("authorizer"):
            return _allowed(verify(_authorization(event)), stage=_stage(event["methodArn"]))
    except Unauthenticated:
        raise Exception("Unauthorized") from None


def _authorization(event: Mapping[str, Any]) -> str:
    """The Authorization header, whichever letters of its name are capitals."""
    headers = event.get("headers") or {}
    return next((value for name, value in headers.items() if name.lower() == "authorization"), "")


def _stage(method_arn: str) -> str:
    """The first part, `arn:…:<api>/<stage>`, of an ARN that goes on with method and path."""
    return "/".join(method_arn.split("/")[:2])


def _allowed(caller: Caller, *, stage: str) -> dict[str, Any]:
    allow = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{stage}/*"}
    return {
        "principalId": caller.customer_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [allow]},
        "context": {
            "customer_id": caller.customer_id,
            "role": caller.role,
            "expires_at": str(caller.expires_at),
        },
    }
