"""What every in-process suite shares: dummy credentials, moto's AWS, one service's table at a time."""

import os
from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.support import aws

os.environ.update(aws.DUMMY_ENVIRONMENT)


@pytest.fixture
def cloud() -> Iterator[None]:
    """An empty AWS in this process, whose state machines run."""
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}):
        yield


@pytest.fixture
def service(cloud: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The service named by the module's `SERVICE`, with its table, bus and environment."""
    name: str = request.module.SERVICE
    aws.create_table(name)
    aws.create_bus()
    for variable, value in aws.environment(name).items():
        monkeypatch.setenv(variable, value)
    return name
