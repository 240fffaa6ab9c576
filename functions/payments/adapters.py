"""Makes the adapter behind the port: Stripe's. The sandbox speaks as Stripe does, so it has no other."""

from importlib import import_module

from kernel import aws
from payments.provider import PaymentProvider


@aws.at_init("PROCESSOR_URL")
def provider() -> PaymentProvider:
    """The adapter to the card processor, made once for each execution environment.

    Its package is large, and ships only to functions that call the processor: no other imports it.
    """
    made: PaymentProvider = import_module("payments.stripe_provider").StripeProvider()
    return made
