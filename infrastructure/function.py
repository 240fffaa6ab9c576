"""The only place where a Lambda function is defined: its code, log, role, timeout and alarm."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure import manifest
from infrastructure.monitoring import MINUTES, alarm, alarm_text
from infrastructure.packaging.assets import PROCESSOR, packages
from infrastructure.platform import Home
from infrastructure.target import Target


class ServiceFunction(lambda_.Function):
    """The function of one handler. Its own role may write its log, and nothing else until `may` allows it.

    The construct id is the handler's own name. `seconds` is the timeout. A refusal counts as an error of the
    function, but is part of the business. So a function that raises refusals has no alarm on errors. A step
    declares its refusals; for any other handler `refuses` says it.
    """

    def __init__(
        self, scope: Construct, handler: str, *, home: Home, seconds: int = 10, refuses: bool = False
    ) -> None:
        target = home.platform.target
        id = _name(handler)
        log = expiring_log(scope, f"{id}Log")
        role = iam.Role(scope, f"{id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        super().__init__(
            scope,
            id,
            handler=handler,
            code=lambda_.Code.from_asset(str(home.platform.sources.of(home.service))),
            layers=_layers(scope, target, "Packages"),
            runtime=target.runtime,
            architecture=target.architecture,
            role=role,
            **_kept(log),
            memory_size=512,
            timeout=Duration.seconds(seconds),
            environment={"SERVICE": home.service},
        )
        self.handler = handler
        self.home = home
        self.seconds = seconds
        self.may("logs:CreateLogStream", "logs:PutLogEvents", on=log.log_group_arn)
        if handler.endswith(".api.handler"):
            CfnOutput(Stack.of(self), "ApiLog", value=log.log_group_name)
        if not (refuses or manifest.refuses(handler)):
            says = alarm_text("function-errors", f"{handler} fails.")
            alarm(self, self.metric_errors(period=MINUTES), platform=home.platform, says=says)

    def may(self, *actions: str, on: str, when: Mapping[str, object] | None = None) -> None:
        """Allows these actions on one resource and nothing else."""
        self.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=[on], conditions=when))

    def knows(self, **environment: str) -> None:
        """Sets environment variables."""
        for name, value in environment.items():
            self.add_environment(name, value)

    def verifies(self) -> None:
        """Lets the function verify tokens, and derive the id of a caller from the secret behind all ids."""
        platform = self.home.platform
        self.knows(**platform.target.tokens, CALLER_SECRET=platform.caller_secret)
        self.may("secretsmanager:GetSecretValue", on=platform.caller_secret)

    def serves(self) -> None:
        """Lets a function that answers routes know its callers where no gateway tells them."""
        if not self.home.platform.target.has_authorizers:
            self.verifies()

    def imports_stripe(self) -> None:
        """Adds the package that speaks to the card processor, which is large."""
        for layer in _layers(self, self.home.platform.target, "ProcessorPackages", PROCESSOR):
            self.add_layers(layer)

    def waits(self) -> None:
        """Halves the memory, and the price of a second, of a function that mostly waits for an answer."""
        resource = self.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.memory_size = 256


def expiring_log(scope: Construct, id: str) -> logs.LogGroup:
    """A log of the last 30 days, gone with its stack."""
    return logs.LogGroup(
        scope, id, retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
    )


def _kept(log: logs.ILogGroup) -> dict[str, Any]:
    """Of Lambda's own lines only warnings: its three lines for each invocation would cost more than ours.

    A line that is JSON already, as ours are, is passed on as it is.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
    """
    return {
        "log_group": log,
        "logging_format": lambda_.LoggingFormat.JSON,
        "system_log_level_v2": lambda_.SystemLogLevel.WARN,
        "application_log_level_v2": lambda_.ApplicationLogLevel.INFO,
    }


def _name(handler: str) -> str:
    """`ReserveStock` for inventory.tasks.reserve_stock, `Projector` for storefront.projector.handler."""
    own = [part for part in handler.split(".") if part != "handler"][-1]
    return own.title().replace("_", "")


def _layers(scope: Construct, target: Target, id: str, suffix: str = "") -> list[lambda_.ILayerVersion]:
    """One layer version for each stack, all of one asset: a shared version could never be replaced."""
    if not target.is_cloud:
        return []
    stack = Stack.of(scope)
    found = stack.node.try_find_child(id)
    if isinstance(found, lambda_.LayerVersion):
        return [found]
    code = lambda_.Code.from_asset(str(packages(target, suffix)))
    layer = lambda_.LayerVersion(stack, id, code=code, removal_policy=RemovalPolicy.DESTROY)
    return [layer]
