"""Clients are made once: in Lambda at init, elsewhere when they are first asked for."""

import pytest

from kernel.aws import at_init


@pytest.mark.parametrize("inside", [True, False], ids=["in Lambda", "elsewhere"])
def test_a_client_is_made_at_init_in_lambda_only_and_once(
    inside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    if inside:
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "ReserveStock")
    made: list[object] = []

    @at_init
    def client() -> object:
        made.append(object())
        return made[-1]

    assert len(made) == inside
    assert client() is client() is made[0]
    assert len(made) == 1
