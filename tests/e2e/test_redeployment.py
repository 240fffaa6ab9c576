"""A change that is deployed to the running emulator runs. Taken back and deployed again, it is gone."""

from pathlib import Path

import pytest

from localstack.machine import deploy, environment
from localstack.machine.emulator import Emulator
from localstack.shop.deployed import DeployedShop
from tests.support.sources import CHANGED_STATUS, change_every_answer, copied


def test_a_change_that_is_deployed_again_runs_until_it_is_taken_back(
    machine: Emulator, shop: DeployedShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answered() -> int:
        return shop.operator.call("GET", "/catalog/products/nobody-sells-this").status

    assert answered() == 404
    with monkeypatch.context() as patch:
        changed = copied(tmp_path / "changed")
        change_every_answer(changed / "functions" / "catalog" / "api.py")
        patch.setattr(environment, "REPOSITORY", changed)
        deploy.deploy(machine.endpoint, Path(machine.state))
    try:
        assert answered() == CHANGED_STATUS
    finally:
        deploy.deploy(machine.endpoint, Path(machine.state))
    assert answered() == 404
