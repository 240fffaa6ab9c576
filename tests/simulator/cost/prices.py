"""What AWS asks for a unit in us-east-1, and how long a warm function is assumed to run.

Prices are the public list prices of late 2026, without free tiers, discounts or savings plans.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """Dollars for one unit, and the page that says so."""

    dollars: float
    page: str


MILLION = 1_000_000
_STATES = "https://aws.amazon.com/step-functions/pricing/"
_DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_WATCH = "https://aws.amazon.com/cloudwatch/pricing/"

# In the order in which tables show them.
UNITS: Mapping[str, Price] = {
    "state transitions": Price(25.00 / MILLION, _STATES),
    "express requests": Price(1.00 / MILLION, _STATES),
    "express GB-ms": Price(0.00001667 / 1000, _STATES),
    "write units": Price(0.625 / MILLION, _DYNAMODB),
    "read units": Price(0.125 / MILLION, _DYNAMODB),
    "events": Price(1.00 / MILLION, "https://aws.amazon.com/eventbridge/pricing/"),
    "SQS requests": Price(0.40 / MILLION, "https://aws.amazon.com/sqs/pricing/"),
    "Lambda requests": Price(0.20 / MILLION, _LAMBDA),
    "Lambda GB-ms": Price(0.0000133334 / 1000, _LAMBDA),  # on arm64
    "API requests": Price(3.50 / MILLION, "https://aws.amazon.com/api-gateway/pricing/"),
    "log KB": Price(0.50 / MILLION, _WATCH),
}
# For a month that nobody buys in.
MONTHLY: Mapping[str, Price] = {
    "alarm": Price(0.10, _WATCH),  # of one metric; an alarm on several pays for each
    "dashboard": Price(3.00, _WATCH),  # an account's first three are free
    "secret": Price(0.40, "https://aws.amazon.com/secrets-manager/pricing/"),
    "key": Price(1.00, "https://aws.amazon.com/kms/pricing/"),
}
MINUTES_OF_A_MONTH = 730 * 60
# A mapping without limits keeps five connections to its queue, and each waits 20 seconds for a message.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
POLLS_OF_A_MINUTE = 5 * 60 // 20

# Assumed: a warm function's milliseconds of its own, for each call of AWS, and for each one of the processor.
# The first two fit eight functions of the embedded emulator within 5 ms. A card processor is slower than the
# sandbox, whose requests took 10 ms.
OWN, CALL, PROCESSOR = 4.0, 7.5, 125.0
EXPRESS_GB, EXPRESS_STEP = 64 / 1024, 100  # its memory, and the milliseconds to which its time is rounded up
# Bytes that Powertools puts around a line, and those of Lambda's own START, END and REPORT.
ENVELOPE, PLATFORM = 150, 390
