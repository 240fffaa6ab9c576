"""Owns where a message goes when nothing could be done with it: kept for 14 days, and an alarm."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.monitoring import alarm
from infrastructure.platform import Platform


class DeadLetters(sqs.Queue):
    """Redrive it to the consumer's queue once the cause is gone; every consumer may see a message twice.

    What EventBridge put here came from no queue, so the redrive must name the consumer's as destination.
    """

    def __init__(self, scope: Construct, *, platform: Platform) -> None:
        super().__init__(scope, "DeadLetters", retention_period=Duration.days(14))
        waiting = self.metric_approximate_number_of_messages_visible(statistic="Maximum")
        alarm(
            self, waiting, platform=platform, says="Messages were given up on: find the cause, then redrive."
        )
