"""The emulator's life: it is started once, reused, ended with its workers; no other process is harmed."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from localstack.machine import emulator, processes


def eventually(true: Callable[[], bool], patience: float = 20.0) -> bool:
    deadline = time.monotonic() + patience
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    return true()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    emulator.stop(tmp_path / "state")


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_a_second_start_reuses_the_emulator_and_a_stop_leaves_no_process(state: Path) -> None:
    first = emulator.start(state)
    assert emulator.start(state) == first
    assert first.endpoint.startswith("http://127.0.0.1:")
    assert emulator.stop(state)
    assert not processes.group_lives(first.pid)
    assert not first.healthy()
    assert not emulator.stop(state)


def test_two_emulators_live_side_by_side(state: Path, tmp_path: Path) -> None:
    first, second = emulator.start(state), emulator.start(tmp_path / "state-2")
    assert emulator.stop(tmp_path / "state-2")
    assert (first.port != second.port, first.healthy()) == (True, True)


def test_a_record_whose_number_belongs_to_another_process_harms_nobody(
    state: Path, bystander: subprocess.Popen[bytes]
) -> None:
    state.mkdir()
    stale = emulator.Emulator(bystander.pid, 1, "http://127.0.0.1:1", str(state.resolve()))
    (state / "emulator.json").write_text(json.dumps(asdict(stale)))
    assert emulator.running(state) is None
    assert not emulator.stop(state)
    assert bystander.poll() is None


@pytest.mark.parametrize("record", ["", "{", '{"pid": 1}', "[]"])
def test_an_unreadable_record_means_none_is_running(state: Path, record: str) -> None:
    state.mkdir()
    (state / "emulator.json").write_text(record)
    assert emulator.running(state) is None


def test_an_owned_emulator_ends_when_its_owner_is_killed(state: Path) -> None:
    script = (
        "import os, pathlib, sys, time\nfrom localstack.machine import emulator\n"
        "print(emulator.start(pathlib.Path(sys.argv[1]), owner=os.getpid()).pid, flush=True)\ntime.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", script, str(state)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    group = int(owner.stdout.readline())
    owner.kill()
    owner.communicate()
    assert eventually(lambda: not processes.group_lives(group))


def test_a_process_that_ended_unnoticed_is_no_life_in_its_group() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    try:
        assert eventually(lambda: not processes.group_lives(ended.pid))
        assert psutil.Process(ended.pid).status() == psutil.STATUS_ZOMBIE
        assert processes.command(ended.pid) == []
    finally:
        ended.wait()
