"""The sandbox card processor. Like an outside system it has a table, an HTTP API and a secret of its own."""

import string

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.manifest import routes
from infrastructure.platform import Home, Platform
from infrastructure.rest_api import RestApi
from infrastructure.service_table import ServiceTable
from infrastructure.services.processor_account import ProcessorAccount
from infrastructure.subscriptions import on_schedule


class Acquirer(Construct):
    """Its API has no authorizer: the handler compares the bearer secret itself, as processors do."""

    def __init__(self, scope: Construct, *, platform: Platform) -> None:
        super().__init__(scope, "Acquirer")
        home = Home("acquirer", platform)
        table = ServiceTable(
            self,
            home=home,
            indexes={"due": ("due", "due_at")},
            copies={"by_reference": ("reference", "created_at")},
        )
        generated = secretsmanager.CfnSecret.GenerateSecretStringProperty(
            exclude_characters=string.punctuation, password_length=40
        )
        # `Id` is the ARN on AWS and on emulators. `Ref`, which the L2 construct uses, is it on AWS only.
        self.secret = secretsmanager.CfnSecret(self, "Secret", generate_secret_string=generated).attr_id

        # The slowest of its test methods answers after 25 seconds.
        handler = ServiceFunction(self, "acquirer.api.handler", home=home, seconds=29)
        table.allow(handler, "GetItem", "BatchGetItem", "Query", "UpdateItem")
        table.allow(handler, "Query", index="by_reference")
        address = platform.target.address(Stack.of(self), api="{api}", stage="{stage}")
        handler.knows(PUBLIC_ADDRESS=address)
        self._share_secret(handler)

        self._send_webhooks(home, table)

        api = RestApi(self, "Gateway", target=platform.target)
        for route in routes(handler.handler):
            integration = apigateway.LambdaIntegration(handler, allow_test_invoke=False)
            api.root.resource_for_path(route["path"]).add_method(route["method"], integration)
        self.processor = ProcessorAccount(api.address, self.secret, self.secret, platform.target.return_url)
        CfnOutput(Stack.of(self), "AcquirerUrl", value=api.address)
        CfnOutput(Stack.of(self), "AcquirerSecretArn", value=self.secret)

    def _send_webhooks(self, home: Home, table: ServiceTable) -> None:
        # A merchant who does not answer holds up the others for 10 seconds.
        webhooks = ServiceFunction(self, "acquirer.webhooks.send", home=home, seconds=300)
        table.allow(webhooks, "GetItem", "Query", "UpdateItem")
        table.allow(webhooks, "Query", index="due")
        self._share_secret(webhooks)
        on_schedule(webhooks)

    def _share_secret(self, function: ServiceFunction) -> None:
        function.knows(PROCESSOR_SECRET=self.secret)
        function.may("secretsmanager:GetSecretValue", on=self.secret)
