"""Moto's own tables, to which the kernel is a stranger: the simulator's were written beside it."""

import pytest


@pytest.fixture
def cloud(moto: None) -> None:
    """An empty AWS in this process."""
