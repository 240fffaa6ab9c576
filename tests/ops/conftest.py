"""Moto's own tables: operators' commands read them in ways that no service does."""

import pytest


@pytest.fixture
def cloud(moto: None) -> None:
    """An empty AWS in this process, whose state machines run."""
