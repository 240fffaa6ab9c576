"""Random schedules of fixed seeds (`make chaos SEEDS=N` for more), and that a seed decides everything."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from storefront import projector
from tests.simulator.plays.records import REPOSITORY, record
from tests.simulator.plays.run import one_storm
from tests.simulator.plays.storm import storm

CHUNK, CHUNKS = 10, 20
TOLD = "from tests.simulator.plays.storm import storm; print(storm({seed}))"


@pytest.mark.parametrize("first", range(1, CHUNK * CHUNKS, CHUNK))
def test_a_storm_leaves_everything_right(first: int) -> None:
    """A failing seed replays by `make chaos REPLAY="storm <seed>"`. Calm storms would prove nothing."""
    results = [one_storm(str(seed)) for seed in range(first, first + CHUNK)]
    for result in results:
        record("storms", **vars(result))
    assert [line for result in results for line in result.wrong] == []
    assert sum(result.faults for result in results) > 20
    assert {"CONFIRMED", "CANCELLED"} <= {status for result in results for status in result.ends}


def test_the_projector_is_given_several_events_of_an_order_at_once_and_one_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or nothing would be proved about its batches."""
    given: list[list[str]] = []
    handler = projector.handler

    def noted(event: Any, context: object) -> Any:
        given.append([json.loads(one["body"])["detail"]["correlationid"] for one in event["Records"]])
        return handler(event, context)

    monkeypatch.setattr(projector, "handler", noted)
    for seed in range(1, 6):
        storm(seed)
    assert any(len({*batch}) < len(batch) for batch in given)
    assert any(len({*batch}) > 1 for batch in given)
    assert any(len(batch) == 1 for batch in given)


@pytest.mark.parametrize("hashes", ["1", "2"])
def test_a_seed_decides_everything_in_any_interpreter(hashes: str) -> None:
    seen = {**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": os.pathsep.join(("functions", "."))}
    told = subprocess.run(
        [sys.executable, "-c", TOLD.format(seed=7)],
        cwd=REPOSITORY,
        env=seen,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == str(storm(7))
