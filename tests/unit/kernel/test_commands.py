"""Commands: asked in one shape, answered in another, and nothing of an answer is repeated in an error."""

import io
import json
from typing import Any

import pytest
from pydantic import BaseModel

from kernel.errors import CommandFailed, Refusal
from kernel.triggers import commands
from kernel.triggers.commands import Command, Refused, ask

SECRET = "4242424242424242"


class Packed(BaseModel):
    order_id: str
    boxes: int


class PackParcel(Command[Packed], of="depot"):
    order_id: str


class WeighParcel(Command[Packed | Refused], of="depot"):
    order_id: str


class ParcelTooHeavy(Refusal):
    """Nobody can lift this."""


@pytest.fixture
def depot(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The request to the function and its answer. `failed` makes the function raise."""
    known: dict[str, Any] = {"failed": False}

    class FakeLambda:
        def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - as boto3
            known["asked"] = (FunctionName, json.loads(Payload))
            failed = {"FunctionError": "Unhandled"} if known["failed"] else {}
            return {"Payload": io.BytesIO(json.dumps(known["answer"]).encode()), **failed}

    monkeypatch.setenv("PACK_PARCEL", "arn:pack")
    monkeypatch.setenv("WEIGH_PARCEL", "arn:weigh")
    monkeypatch.setattr(commands, "functions", FakeLambda)
    return known


def test_a_command_is_asked_of_the_function_that_its_variable_names(depot: dict[str, Any]) -> None:
    depot["answer"] = {"order_id": "o1", "boxes": 2, "added_later": SECRET}
    assert ask(PackParcel(order_id="o1")) == Packed(order_id="o1", boxes=2)
    assert depot["asked"] == ("arn:pack", {"order_id": "o1"})
    assert (PackParcel.of, PackParcel.variable(), PackParcel.answers()) == ("depot", "PACK_PARCEL", Packed)


def test_a_refusal_is_an_answer_like_another(depot: dict[str, Any]) -> None:
    depot["answer"] = Refused.by(ParcelTooHeavy(boxes=9)).model_dump()
    said = ask(WeighParcel(order_id="o1"))
    problem = {"error": "ParcelTooHeavy", "message": "Nobody can lift this.", "boxes": 9}
    assert said == Refused(refused=409, problem=problem)
    depot["answer"] = {"order_id": "o1", "boxes": 2}
    assert ask(WeighParcel(order_id="o1")) == Packed(order_id="o1", boxes=2)


def test_a_function_that_failed_is_a_fault_by_the_name_of_its_error(depot: dict[str, Any]) -> None:
    depot |= {"failed": True, "answer": {"errorType": "Contended", "errorMessage": SECRET}}
    with pytest.raises(CommandFailed, match=r"^PACK_PARCEL answered Contended$"):
        ask(PackParcel(order_id="o1"))


@pytest.mark.parametrize("answer", [{"order_id": "o1"}, {"order_id": "o1", "boxes": SECRET + "x"}, None, []])
def test_an_answer_that_cannot_be_read_is_a_fault_that_does_not_repeat_it(
    answer: Any, depot: dict[str, Any]
) -> None:
    depot["answer"] = answer
    with pytest.raises(CommandFailed) as failed:
        ask(PackParcel(order_id="o1"))
    assert str(failed.value) == "PACK_PARCEL answered what the asker cannot read"
    assert failed.value.__suppress_context__


def test_a_refusal_that_the_asker_does_not_expect_is_a_fault(depot: dict[str, Any]) -> None:
    depot["answer"] = Refused.by(ParcelTooHeavy()).model_dump()
    with pytest.raises(CommandFailed):
        ask(PackParcel(order_id="o1"))
