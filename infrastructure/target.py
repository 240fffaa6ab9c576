"""Owns the differences between the places where Settle runs. `-c target=` decides them, once."""

import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aws_cdk import (
    CliCredentialsStackSynthesizer,
    DefaultStackSynthesizer,
    IStackSynthesizer,
    RemovalPolicy,
    Stack,
)
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

ROOT = Path(__file__).resolve().parent.parent
BUNDLE = ROOT / "build" / "bundle"
NO_KEYS = '{"keys":[]}'


@dataclass(frozen=True)
class Target:
    """Where the stacks are deployed. `endpoint` is an emulator's address as functions reach it.

    `saga` is the kind of machine that runs new orders. `payments` is the card processor: the secret
    `stripe_secret` has the key of an account of Stripe's, and customers come back to `return_url`.
    """

    name: str
    runtime: lambda_.Runtime
    machine: str
    endpoint: str
    bundle: Path
    python: str
    saga: Literal["express", "standard"]
    tokens: dict[str, str]
    payments: Literal["sandbox", "stripe"] = "sandbox"
    stripe_secret: str = ""
    return_url: str = ""

    @property
    def is_cloud(self) -> bool:
        return self.name == "cloud"

    @property
    def architecture(self) -> lambda_.Architecture:
        arm = self.machine == "aarch64"
        return lambda_.Architecture.ARM_64 if arm else lambda_.Architecture.X86_64

    @property
    def removal(self) -> RemovalPolicy:
        """What happens to a table when its stack is deleted."""
        return RemovalPolicy.RETAIN if self.is_cloud else RemovalPolicy.DESTROY

    @property
    def has_authorizers(self) -> bool:
        """LocalStack has no authorizers on REST APIs. There, handlers verify tokens themselves."""
        return self.name != "localstack"

    def synthesizer(self) -> IStackSynthesizer:
        """Emulators that enforce IAM refuse the publishing role of the default synthesizer."""
        return DefaultStackSynthesizer() if self.is_cloud else CliCredentialsStackSynthesizer()

    def queues(self, stack: Stack) -> str:
        """The part of a queue's URL before its name, which all queues of an account have in common."""
        aws = f"https://sqs.{stack.region}.{stack.url_suffix}"
        return f"{aws if self.is_cloud else self.endpoint}/{stack.account}/"

    def url(self, api: apigateway.RestApi) -> str:
        """The address of the API's stage, without a trailing slash."""
        return self.address(api.stack, api=api.rest_api_id, stage=api.deployment_stage.stage_name)

    def address(self, stack: Stack, *, api: str, stage: str) -> str:
        """The address of a stage of an API in the stack, by their names."""
        if self.is_cloud:
            return f"https://{api}.execute-api.{stack.region}.{stack.url_suffix}/{stage}"
        return f"{self.endpoint}/_aws/execute-api/{api}/{stage}"


def host() -> str:
    """This machine's architecture, by its name in Python wheels."""
    return "aarch64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def target_of(scope: Construct) -> Target:
    """The target that the context names. Ends with a plain sentence for a context that is not valid."""

    def context(name: str, default: str = "") -> str:
        value: Any = scope.node.try_get_context(name)
        return str(value or default)

    name = context("target", "cloud")
    saga = context("saga", "express")
    payments = context("payments", "sandbox")
    _check(name, payments=payments, needs={each: context(each) for each in ("stripe_secret", "return_url")})
    if saga not in ("express", "standard"):
        raise SystemExit(f"saga={saga} is unknown: it is express or standard.")
    embedded = name == "embedded"
    return Target(
        name=name,
        runtime=lambda_.Runtime.PROVIDED_AL2023 if embedded else lambda_.Runtime.PYTHON_3_13,
        machine="aarch64" if name == "cloud" else host(),
        endpoint=context("endpoint", "http://localhost:4566").rstrip("/"),
        bundle=Path(context("bundle", str(BUNDLE))),
        python=context("python", sys.executable),
        saga="standard" if saga == "standard" else "express",
        tokens={
            "TOKEN_ISSUER": context("issuer", "nobody"),
            "TOKEN_AUDIENCE": context("audience", "settle"),
            "TOKEN_JWKS": context("jwks", NO_KEYS),
        },
        payments="stripe" if payments == "stripe" else "sandbox",
        stripe_secret=context("stripe_secret"),
        return_url=context("return_url", "https://settle.example/"),
    )


def _check(name: str, *, payments: str, needs: dict[str, str]) -> None:
    if payments == "stripe" and not all(needs.values()):
        raise SystemExit(
            "payments=stripe needs the secret that holds the API key, by its name or ARN in Secrets Manager"
            " (-c stripe_secret=...), and where customers come back to from their bank (-c return_url=...)."
        )
    if payments not in ("sandbox", "stripe"):
        raise SystemExit(f"payments={payments} is unknown: it is sandbox or stripe.")
    if name not in ("cloud", "embedded", "localstack"):
        raise SystemExit(f"target={name} is unknown: it is cloud, embedded or localstack.")
