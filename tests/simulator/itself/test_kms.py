"""The simulated KMS: a key is wrapped for its encryption context, and its calls can fail like all others."""

import pytest
from botocore.exceptions import ClientError

from tests.simulator.faults.kinds import Call, Kind, Planned
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.world import SimulatedWorld
from tests.support.aws import SEALING

ALICE, BOB = {"customer": "alice"}, {"customer": "bob"}


def wrap(world: SimulatedWorld, context: dict[str, str]) -> dict[str, bytes]:
    kms = world.clients["kms"]
    made = kms.generate_data_key(  # type: ignore[attr-defined]
        KeyId=SEALING["WRAPPING_KEY"], KeySpec="AES_256", EncryptionContext=context
    )
    return dict(made)


def unwrap(world: SimulatedWorld, wrapped: bytes, context: dict[str, str]) -> bytes:
    kms = world.clients["kms"]
    return bytes(kms.decrypt(CiphertextBlob=wrapped, EncryptionContext=context)["Plaintext"])  # type: ignore[attr-defined]


def test_a_wrapped_key_opens_in_its_own_context_only() -> None:
    with simulated() as world:
        made = wrap(world, ALICE)
        assert unwrap(world, made["CiphertextBlob"], ALICE) == made["Plaintext"]
        with pytest.raises(ClientError, match="InvalidCiphertext"):
            unwrap(world, made["CiphertextBlob"], BOB)


def test_no_two_keys_are_alike() -> None:
    with simulated() as world:
        assert wrap(world, ALICE)["Plaintext"] != wrap(world, ALICE)["Plaintext"]


def test_the_same_world_makes_the_same_keys() -> None:
    with simulated() as first, simulated() as second:
        assert wrap(first, ALICE) == wrap(second, ALICE)


@pytest.mark.parametrize("operation", ["GenerateDataKey", "Decrypt"])
def test_its_calls_have_the_faults_of_calls_of_aws(operation: str) -> None:
    kinds = Call(1, "customers.api.handler", "kms", operation).kinds
    assert {Kind.REFUSED, Kind.LOST, Kind.THROTTLED, Kind.SLOW, Kind.KILLED_AFTER} <= {*kinds}


def test_a_registration_finds_its_calls_in_the_plan_of_faults() -> None:
    plan = Planned()
    with simulated(fate=plan) as world:
        world.boundary.armed = True
        person = {"name": "Ada", "email": "ada@shop.example"}
        world.process(lambda: world.ask("customers", "PUT", "/customers/me", person))
        world.process(lambda: world.ask("customers", "GET", "/customers/me"))
        world.run()
    asked = [call.operation for call in plan.calls if call.service == "kms"]
    assert asked == ["GenerateDataKey"]
