"""Clients are made once: at init in a Lambda function that needs them, elsewhere when first asked for."""

from collections.abc import Mapping

import pytest

from kernel.aws import at_init

IN_LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "ReserveStock"}


@pytest.mark.parametrize(
    ("known", "early"),
    [(IN_LAMBDA | {"TABLE": "stock"}, True), (IN_LAMBDA, False), ({"TABLE": "stock"}, False)],
    ids=["in Lambda", "in Lambda without a table", "elsewhere"],
)
def test_a_client_is_made_once_and_at_init_where_a_function_needs_it(
    known: Mapping[str, str], early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*IN_LAMBDA, "TABLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    made: list[object] = []

    @at_init("TABLE")
    def client() -> object:
        made.append(object())
        return made[-1]

    assert len(made) == early
    assert client() is client() is made[0]
    assert len(made) == 1
