"""The fixtures of every in-process suite: dummy credentials, moto's AWS, one service's table at a time."""

import gc
import os
from collections.abc import Iterator

import pytest
from moto import mock_aws
from moto.core.config import DefaultConfig

from tests.support import aws, tables

os.environ.update(aws.DUMMY_ENVIRONMENT)
MOTO: DefaultConfig = {
    # boto3's session outlives a test: a new one reads megabytes of service descriptions again.
    "core": {"mock_credentials": False, "reset_boto3_session": False},
    "stepfunctions": {"execute_state_machine": True},
    "lambda": {"use_docker": False},
}


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: a collector that goes through them all takes half of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def moto() -> Iterator[None]:
    """An empty AWS in this process, whose state machines run."""
    with mock_aws(config=MOTO):
        yield


@pytest.fixture
def cloud(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with tables in memory, which are faster than moto's."""
    tables.install(monkeypatch)


@pytest.fixture
def service(cloud: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The service named by the module's `SERVICE`, with its table, bus and environment."""
    name: str = request.module.SERVICE
    aws.create_table(name)
    if name == "payments":
        aws.create_vault()
    aws.create_bus()
    for variable, value in aws.environment(name).items():
        monkeypatch.setenv(variable, value)
    return name
