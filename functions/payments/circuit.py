"""Keeps new charges from a card processor that is down: they fail at once, and the saga tries again later.

What goes on with a charge, undoes it or looks at it always asks the processor. As long as all goes well, no
state is read and no breaker is loaded: an environment asks the table only once it has seen a charge fail.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from payments.provider import ProcessorUnavailable

Answer = TypeVar("Answer")


def new_charge(charge: Callable[[], Answer]) -> Answer:
    """What `charge` answers. Raises ProcessorCutOff while the circuit is open, and what `charge` raises."""
    try:
        answer: Answer = breaker()(charge)() if is_in_doubt() else charge()
    except ProcessorUnavailable as error:
        if counts(error):
            breaker()
        raise
    trust()
    return answer


def counts(error: Exception) -> bool:
    """Whether it says that the processor is down now. A repeated failure is about an earlier request."""
    return isinstance(error, ProcessorUnavailable) and not error.replayed


def trust() -> None:
    """A charge went well, so the next one need not ask whether the processor is down."""
    breaker.cache_clear()


def is_in_doubt() -> bool:
    """Whether this environment has seen a new charge fail, and no charge go well since."""
    return breaker.cache_info().currsize > 0


@cache
def breaker() -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """What puts a charge behind the circuit, loaded when the first charge has failed."""
    made: Callable[[Callable[[], Any]], Callable[[], Any]] = import_module("payments.breaker").made()
    return made
