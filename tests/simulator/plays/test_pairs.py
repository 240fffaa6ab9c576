"""A fixed, fair sample of the ordered pairs of faults; `make chaos` plays them all."""

import time

import pytest

from tests.simulator.plays.records import record
from tests.simulator.plays.tries import sample

CHUNKS, PAIRS = 20, 50


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_two_faults_leave_everything_right(chunk: int) -> None:
    began = time.perf_counter()
    tries = list(sample(PAIRS, seed=chunk))
    wrong = {str(one): found for one in tries if (found := one.play())}
    seconds = time.perf_counter() - began
    record("sampled", name=str(chunk), schedules=len(tries), seconds=seconds, wrong=list(wrong))
    assert wrong == {}
