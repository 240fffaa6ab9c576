"""Owns where a message goes when nothing could be done with it: kept for 14 days, and an alarm."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.monitoring import alarm, see
from infrastructure.platform import Platform


class DeadLetters(sqs.Queue):
    """Redrive it to the consumer's queue once the cause is gone; every consumer may see a message twice.

    What EventBridge put here came from no queue, so the redrive must name the consumer's as destination.
    It is known to the platform by what it serves; what is made of a schedule has nothing to redrive to.
    """

    def __init__(self, scope: Construct, *, platform: Platform, serves: str, page: str) -> None:
        super().__init__(scope, "DeadLetters", retention_period=Duration.days(14))
        self.redrives_to: sqs.Queue | None = None
        platform.dead_letters[serves] = self
        waiting = self.metric_approximate_number_of_messages_visible(statistic="Maximum")
        alarm(self, waiting, platform=platform, says=see(page, f"Messages for {serves} were given up on."))
