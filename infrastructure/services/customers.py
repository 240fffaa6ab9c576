"""Customers: profiles over HTTP, the keys that can forget a person, and the erasures under way."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from infrastructure.function import ServiceFunction
from infrastructure.platform import Home, Platform
from infrastructure.service_table import Relay, ServiceTable
from infrastructure.services.orders import Orders
from infrastructure.services.payments import Payments
from infrastructure.subscriptions import on_schedule


class Customers(Construct):
    """An erasure asks orders and payments for their part. So they are made first."""

    def __init__(self, scope: Construct, *, platform: Platform, orders: Orders, payments: Payments) -> None:
        super().__init__(scope, "Customers")
        home = Home("customers", platform)
        table = ServiceTable(self, home=home, indexes={"open": ("open_shard", "due_at")})
        Relay(self, table=table)
        wrapping = kms.Key(
            self, "WrappingKey", enable_key_rotation=True, removal_policy=platform.target.removal
        )
        keys = self._keys(platform)

        self.api = ServiceFunction(self, "customers.api.handler", home=home)
        self.api.serves()
        table.allow(self.api, "GetItem", "PutItem", "UpdateItem")
        self.api.knows(WRAPPING_KEY=wrapping.key_arn)
        self.api.may("kms:Decrypt", "kms:GenerateDataKey", on=wrapping.key_arn)

        # Before a key is destroyed it asks for each page of open orders.
        erase = ServiceFunction(self, "customers.erasure.erase_due", home=home, seconds=300)
        table.allow(erase, "Query", index="open")
        table.allow(erase, "GetItem", "PutItem", "UpdateItem")
        on_schedule(erase)
        for variable, asked in {**orders.erasure, **payments.erasure}.items():
            erase.knows(**{variable: asked.function_arn})
            erase.may("lambda:InvokeFunction", on=asked.function_arn)

        self.api.may("dynamodb:GetItem", "dynamodb:UpdateItem", on=keys.table_arn)
        erase.may("dynamodb:UpdateItem", on=keys.table_arn)
        for function in (self.api, erase):
            function.knows(KEYS=keys.table_name)

    def _keys(self, platform: Platform) -> dynamodb.Table:
        """The only place of wrapped keys: a stream or a backup with a key in it would forget nobody."""
        text = dynamodb.AttributeType.STRING
        return dynamodb.Table(
            self,
            "Keys",
            partition_key=dynamodb.Attribute(name="pk", type=text),
            sort_key=dynamodb.Attribute(name="sk", type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=platform.target.removal,
            deletion_protection=platform.target.is_cloud,
        )
