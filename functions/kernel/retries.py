"""Tries again: how often, and after which pauses."""

import random
from collections.abc import Iterator

from kernel import identity


def attempts(most: int, *, longest: float = 0.05) -> Iterator[int]:
    """Numbers up to `most` attempts from 0, and pauses before each but the first.

    The first pause lasts up to `longest` seconds, and each later pause up to twice as long as the pause
    before. The length is random, so that two callers that collided part.
    """
    for attempt in range(most):
        if attempt:
            identity.pause(random.uniform(0, longest * 2 ** (attempt - 1)))
        yield attempt
