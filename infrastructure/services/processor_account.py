"""The account at the card processor as payments' functions use it: an address, a secret, a package."""

from dataclasses import dataclass

from aws_cdk import ArnFormat, Stack

from infrastructure.function import ServiceFunction
from infrastructure.target import Target

STRIPE = "https://api.stripe.com"


@dataclass(frozen=True)
class ProcessorAccount:
    """`secret` names the secret that holds the key, and `readable` is what may be read for it."""

    url: str
    secret: str
    readable: str
    return_url: str

    @classmethod
    def stripe(cls, stack: Stack, *, target: Target) -> "ProcessorAccount":
        """Stripe itself, with the key of an account of yours."""
        return cls(STRIPE, target.stripe_secret, _arn(stack, target.stripe_secret), target.return_url)

    def is_called_by(self, function: ServiceFunction) -> None:
        """Gives the function all that it needs to call the processor."""
        function.imports_stripe()
        function.knows(PROCESSOR_URL=self.url, PROCESSOR_SECRET=self.secret, PROCESSOR_RETURN=self.return_url)
        function.may("secretsmanager:GetSecretValue", on=self.readable)


def _arn(stack: Stack, secret: str) -> str:
    """The ARN that a policy names. AWS ends a secret's ARN with six characters of its own."""
    if secret.startswith("arn:"):
        return secret
    return stack.format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{secret}-??????",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
