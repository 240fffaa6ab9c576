"""Retries: how many attempts are made, and how long the pauses between them are."""

import random
from collections.abc import Iterator

from kernel import identity


def attempts(most: int, *, longest: float = 0.05) -> Iterator[int]:
    """Yields the number of each attempt, from 0 to `most` - 1. Pauses before each attempt but the first.

    The first pause lasts up to `longest` seconds. The limit doubles for each later pause. The length is
    random, so that two callers that collided do not collide again.
    """
    for attempt in range(most):
        if attempt:
            identity.pause(random.uniform(0, longest * 2 ** (attempt - 1)))
        yield attempt
