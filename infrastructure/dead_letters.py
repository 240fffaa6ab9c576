"""Owns where a message goes when nothing could be done with it: kept for 14 days, and an alarm."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.monitoring import alarm, see
from infrastructure.platform import Platform


class DeadLetters(sqs.Queue):
    """Redrive it to the consumer's queue once the cause is gone; every consumer may see a message twice.

    What EventBridge put here came from no queue, so the redrive must name the consumer's as destination.
    `serves` names it to operators. The letters of a schedule have no queue to go back to.
    """

    def __init__(self, scope: Construct, *, platform: Platform, serves: str, page: str) -> None:
        super().__init__(scope, "DeadLetters", retention_period=Duration.days(14))
        self.serves = serves
        self.redrives_to: sqs.Queue | None = None
        waiting = self.metric_approximate_number_of_messages_visible(statistic="Maximum")
        alarm(self, waiting, platform=platform, says=see(page, f"Messages for {serves} were given up on."))


def all_dead_letters(tree: Construct) -> list[DeadLetters]:
    """Every dead-letter queue that stands in the tree now, in the order of construction."""
    return [found for found in tree.node.find_all() if isinstance(found, DeadLetters)]
