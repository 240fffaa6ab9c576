"""A fixed, fair sample of the ordered pairs of faults; `make chaos` plays them all."""

import time

import pytest

from tests.simulator.plays.records import record
from tests.simulator.plays.tries import sample

CHUNKS, PAIRS = 20, 50


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_two_faults_leave_everything_right(chunk: int) -> None:
    began = time.perf_counter()
    # Each is played when it is drawn: the rehearsal of its first fault is not remembered for long.
    played = [(str(one), one.play()) for one in sample(PAIRS, seed=chunk)]
    wrong = {line: found for line, found in played if found}
    seconds = time.perf_counter() - began
    record("sampled", name=str(chunk), schedules=len(played), seconds=seconds, wrong=list(wrong))
    assert wrong == {}
