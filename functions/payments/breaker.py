"""Powertools' circuit breaker, with its state in payments' own table. It imports boto3, so it is loaded late.

Three failures in a row in one environment open the circuit: the one that loads this, and two more. It stays
open for a window. Then a single charge is tried, which closes it or opens it for a further window.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from aws_lambda_powertools.utilities.circuit_breaker import (
    CircuitBreakerConfig,
    CircuitInfo,
    CircuitState,
    CircuitTransition,
    circuit_breaker,
)
from aws_lambda_powertools.utilities.circuit_breaker.persistence import CircuitBreakerDynamoDBPersistence
from botocore.exceptions import BotoCoreError, ClientError

from kernel import aws
from kernel.table import items
from kernel.triggers.observability import count
from payments import circuit
from payments.provider import ProcessorCutOff

# Seconds. The window is also how long the single charge is waited for, so the longest charge has to fit in.
WINDOW = 25
FAILURES = 2
PARTITION, NAME = "circuit", "new-charges"


class Settings(CircuitBreakerConfig):
    """Which failures count."""

    def counts_as_failure(self, exception: Exception) -> bool:
        return circuit.counts(exception)


class Circuit(CircuitBreakerDynamoDBPersistence):
    """The circuit's item in the table. A table that fails stops no charge.

    Powertools lets charges through when the item cannot be read, and this class when it cannot be written.
    """

    def try_acquire_half_open(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return super().try_acquire_half_open(*args, **kwargs)
        except (BotoCoreError, ClientError):
            return True


def made() -> Callable[..., Any]:
    """The decorator of new charges. Each reads the state anew, since there is one only when they fail.

    The table is asked once: a table that is silent must leave a charge the time that it needs.
    """
    return circuit_breaker(
        name=NAME,
        persistence_store=Circuit(
            items.table(),
            key_attr="pk",
            static_pk_value=PARTITION,
            sort_key_attr="sk",
            boto3_client=aws.connect("dynamodb", seconds=1, tries=1),
        ),
        on_circuit_open=_cut_off,
        on_transition=_tell,
        config=Settings(
            failure_threshold=FAILURES, recovery_timeout=WINDOW, success_threshold=1, local_cache_max_age=0
        ),
    )


def _cut_off(*, circuit: CircuitInfo) -> NoReturn:
    raise ProcessorCutOff


def _tell(transition: CircuitTransition) -> None:
    if transition.to_state is CircuitState.OPEN:
        count("CircuitOpened")
