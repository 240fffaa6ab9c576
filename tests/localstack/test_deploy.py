"""A deployment is known by all files that it is made of, and goes to this machine only."""

from pathlib import Path

import pytest

from localstack.machine import deploy, environment, tokens

STAND_IN = """#!/bin/sh
cd "$(dirname "$0")"
echo "$1" >> calls
if [ "$1" = deploy ] && [ -e broken ]; then exit 1; fi
while [ $# -gt 1 ]; do
  if [ "$1" = --outputs-file ]; then echo '{}' > "$2"; fi
  shift
done
"""


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path)
    for name in deploy.SOURCES:
        file = tmp_path / name / "file" if "." not in name else tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


@pytest.mark.parametrize("name", deploy.SOURCES)
def test_any_change_of_a_source_is_another_deployment(sources: Path, name: str) -> None:
    before = deploy.fingerprint("embedded")
    assert deploy.fingerprint("embedded") == before
    assert deploy.fingerprint("localstack") != before
    file = sources / name / "file" if "." not in name else sources / name
    file.write_text("changed")
    assert deploy.fingerprint("embedded") != before


def test_byte_code_is_no_source(sources: Path) -> None:
    before = deploy.fingerprint()
    (sources / "functions" / "__pycache__").mkdir()
    (sources / "functions" / "__pycache__" / "x.pyc").write_bytes(b"1")
    assert deploy.fingerprint() == before


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "key_set", lambda: "{}")


@pytest.fixture
def cdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the CDK: it records its calls, and fails to deploy if there is a file named `broken`."""
    folder = tmp_path / "cdk"
    folder.mkdir()
    (folder / "cdk").write_text(STAND_IN)
    (folder / "cdk").chmod(0o755)
    monkeypatch.setattr(deploy, "CDK", folder / "cdk")
    monkeypatch.setattr(environment, "HOME", tmp_path / "home")
    return folder


@pytest.mark.usefixtures("no_key")
def test_after_a_deployment_that_failed_the_sources_of_the_one_before_are_deployed_again(
    sources: Path, cdk: Path
) -> None:
    file = sources / "functions" / "file"

    def deployed(text: str) -> int:
        """Deploys this text as a source, and returns how often the CDK has deployed so far."""
        file.write_text(text)
        deploy.deploy("http://127.0.0.1:9", sources / "state")
        return (cdk / "calls").read_text().splitlines().count("deploy")

    assert [deployed("first"), deployed("first"), deployed("second"), deployed("first")] == [1, 1, 2, 3]
    (cdk / "broken").touch()
    with pytest.raises(deploy.DeployFailed):
        deployed("second")
    (cdk / "broken").unlink()
    assert deployed("first") == 5


@pytest.mark.usefixtures("no_key")
def test_a_deployment_elsewhere_is_refused() -> None:
    with pytest.raises(environment.NotLoopback):
        deploy.context("embedded", "https://cloudformation.us-east-1.amazonaws.com")


@pytest.mark.usefixtures("no_key")
def test_functions_in_localstacks_containers_call_it_by_a_name_that_they_know() -> None:
    assert deploy.context("localstack", deploy.LOCALSTACK)["endpoint"] == deploy.LOCALSTACK_INSIDE
    outputs = {"SettleEdge": {"ApiUrl": f"{deploy.LOCALSTACK_INSIDE}/_aws/execute-api/abc/v1/"}}
    assert (
        deploy.EmulatorDeployment(deploy.LOCALSTACK, outputs).api
        == "http://127.0.0.1:4566/_aws/execute-api/abc/v1"
    )
