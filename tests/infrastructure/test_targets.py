"""The three targets: the files of an asset, the differences, and what cannot be synthesized."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from infrastructure.packaging.assets import stage
from infrastructure.target import Target
from tests.infrastructure.synthesis import HOST, Assembly, stand_in_bundle, synthesize

STACKS = {
    f"Settle{name}"
    for name in (
        "Platform",
        "Catalog",
        "Customers",
        "Orders",
        "Inventory",
        "Payments",
        "Acquirer",
        "Checkout",
        "Storefront",
        "Operations",
        "Edge",
    )
}
ADDED = {"cloud": set(), "embedded": {"bootstrap", "runtime.py"}, "localstack": {"package"}}
ADDED_TO_PAYMENTS = {**ADDED, "localstack": {"package", "processor"}}


def test_every_target_has_the_same_stacks(assembly: Assembly) -> None:
    assert set(assembly.templates) == STACKS


def test_an_asset_holds_its_service_the_kernel_and_the_files_of_its_target(
    assembly: Assembly, target: str
) -> None:
    for stack, name, function in assembly.resources("AWS::Lambda::Function"):
        folder = assembly.asset(stack, function["Code"]["S3Key"])
        service = function["Environment"]["Variables"]["SERVICE"]
        added = (ADDED_TO_PAYMENTS if service == "payments" else ADDED)[target]
        assert {path.name for path in folder.iterdir()} == {"kernel", service} | added, name
        left_out = [path for path in folder.rglob("*") if path.name.startswith(("README", "__pycache__"))]
        assert left_out == [], name


def test_the_bootstrap_starts_the_runtime_on_this_machines_python(assembly: Assembly, target: str) -> None:
    if target != "embedded":
        return
    for stack, _, function in assembly.resources("AWS::Lambda::Function"):
        bootstrap = assembly.asset(stack, function["Code"]["S3Key"]) / "bootstrap"
        lines = bootstrap.read_text().splitlines()
        assert lines[0] == "#!/bin/sh"
        assert lines[1].endswith('"$(dirname "$0")/runtime.py" "$_HANDLER"')
        assert os.access(bootstrap, os.X_OK)


def test_runtime_architecture_and_layer_are_those_of_the_target(assembly: Assembly, target: str) -> None:
    host = {"aarch64": "arm64", "x86_64": "x86_64"}[HOST]
    runtime = "provided.al2023" if target == "embedded" else "python3.13"
    for _, name, function in assembly.resources("AWS::Lambda::Function"):
        assert function["Runtime"] == runtime, name
        assert function["Architectures"] == ["arm64" if target == "cloud" else host], name
        wanted = 2 if "PROCESSOR_URL" in function["Environment"]["Variables"] else 1
        assert len(function.get("Layers", [])) == (wanted if target == "cloud" else 0), name


def test_all_layers_are_one_set_of_packages_and_one_for_what_calls_the_processor(
    cloud_assembly: Assembly,
) -> None:
    found: dict[str, set[str]] = {}
    for stack, _, layer in cloud_assembly.resources("AWS::Lambda::LayerVersion"):
        folder = cloud_assembly.asset(stack, layer["Content"]["S3Key"])
        assert [path.name for path in folder.iterdir()] == ["python"]
        found.setdefault(layer["Content"]["S3Key"], set()).add(stack)
        assert [path.name for path in (folder / "python").iterdir()] in (["package"], ["processor"])
    assert sorted(map(len, found.values())) == [1, len(STACKS) - 1]
    assert {"SettlePayments"} in found.values()


def test_only_functions_that_charge_refund_or_detach_have_the_processors_package(
    cloud_assembly: Assembly,
) -> None:
    calling = {
        function["Handler"]
        for _, _, function in cloud_assembly.resources("AWS::Lambda::Function")
        if len(function["Layers"]) == 2
    }
    assert calling == {
        "payments.tasks.charge_payment",
        "payments.tasks.refund_payment",
        "payments.erasure.forget_methods",
        "payments.refunding.see_to_refunds",
        "payments.reconciliation.reconcile",
        "payments.webhooks_api.handler",
    }


STRIPE = {"payments": "stripe", "return_url": "https://shop.example/"}


@pytest.mark.parametrize(
    ("secret", "readable"),
    [
        (
            "arn:aws:secretsmanager:eu-west-1:1:secret:key-abcdef",
            "arn:aws:secretsmanager:eu-west-1:1:secret:key-abcdef",
        ),
        ("shop/key", ":secret:shop/key-??????"),
    ],
)
def test_stripe_is_deployed_without_the_sandbox_and_with_the_key_that_it_names(
    tmp_path: Path, secret: str, readable: str
) -> None:
    made = synthesize(tmp_path / "out", target="embedded", stripe_secret=secret, **STRIPE)
    assert set(made.templates) == STACKS - {"SettleAcquirer"}, made.said
    told = [
        function["Environment"]["Variables"]
        for _, _, function in made.resources("AWS::Lambda::Function")
        if "PROCESSOR_URL" in function["Environment"]["Variables"]
    ]
    assert len(told) == 6
    for variables in told:
        assert variables["PROCESSOR_URL"] == "https://api.stripe.com"
        assert variables["PROCESSOR_SECRET"] == secret
        assert variables["PROCESSOR_RETURN"] == "https://shop.example/"
    found = made.templates["SettlePayments"]["Resources"].values()
    policies = json.dumps([one for one in found if one["Type"] == "AWS::IAM::Policy"])
    assert readable in policies
    assert "execute-api" not in policies


def test_data_outlives_its_stack_in_the_cloud_only(assembly: Assembly, target: str) -> None:
    kept = target == "cloud"
    for template in assembly.templates.values():
        for name, resource in template["Resources"].items():
            if resource["Type"] != "AWS::DynamoDB::Table":
                continue
            assert resource["DeletionPolicy"] == ("Retain" if kept else "Delete"), name
            properties = resource["Properties"]
            assert properties["DeletionProtectionEnabled"] is kept, name
            recovery = properties.get("PointInTimeRecoverySpecification")
            backed_up = None if "CustomersKeys" in name else {"PointInTimeRecoveryEnabled": kept}
            assert recovery == backed_up, name


def test_emulators_are_reached_at_their_endpoint_and_the_cloud_at_its_own(
    assembly: Assembly, target: str
) -> None:
    for stack, output in (("SettleEdge", "ApiUrl"), ("SettleAcquirer", "AcquirerUrl")):
        start, *_ = assembly.templates[stack]["Outputs"][output]["Value"]["Fn::Join"][1]
        expected = "https://" if target == "cloud" else "http://localhost:4566/_aws/execute-api/"
        assert start == expected


def test_the_cloud_says_that_money_is_a_sandbox_and_emulators_need_not(
    assembly: Assembly, target: str
) -> None:
    assert any("Money is a sandbox" in said for said in assembly.messages) is (target == "cloud")


def test_an_issuer_that_is_not_configured_is_told(assembly: Assembly) -> None:
    assert any("No issuer of tokens is known" in said for said in assembly.messages)


@pytest.mark.parametrize("target", ["cloud", "localstack"])
def test_without_packages_synthesis_ends_with_the_command_that_makes_them(
    tmp_path: Path, target: str
) -> None:
    failed = synthesize(tmp_path / "out", target=target, bundle=str(tmp_path / "nothing"))
    assert failed.code != 0
    assert "run `make bundle` first" in failed.said
    assert "Traceback" not in failed.said


@pytest.mark.parametrize("target", ["cloud", "localstack"])
def test_with_packages_of_another_lock_file_synthesis_ends_with_the_command_that_makes_them(
    tmp_path: Path, target: str
) -> None:
    made = stand_in_bundle(tmp_path / "bundle")
    for note in made.glob("*.made-for"):
        note.write_text(note.read_text().replace("dynamodb", "rds"))
    failed = synthesize(tmp_path / "out", target=target, bundle=str(made))
    assert failed.code != 0
    assert "do not fit the sources: run `make bundle` again" in failed.said
    assert "Traceback" not in failed.said


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"payments": "stripe"}, "payments=stripe needs the secret"),
        ({"payments": "stripe", "stripe_secret": "key"}, "-c return_url="),
        ({"payments": "cash"}, "payments=cash"),
        ({"target": "azure"}, "target=azure is unknown"),
    ],
)
def test_a_context_that_cannot_be_built_is_refused_in_a_plain_sentence(
    tmp_path: Path, context: dict[str, str], sentence: str
) -> None:
    failed = synthesize(tmp_path / "out", **context)
    assert failed.code != 0
    assert sentence in failed.said
    assert "Traceback" not in failed.said


def test_the_same_sources_make_the_same_asset(tmp_path: Path) -> None:
    target = Target("cloud", None, "aarch64", "", tmp_path, "", "express", {})  # type: ignore[arg-type]
    first, second = (stage("orders", target, into=tmp_path / name) for name in ("first", "second"))
    assert digest(first) == digest(second)


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    said = b"".join(str(path.relative_to(folder)).encode() + path.read_bytes() for path in files)
    return hashlib.sha256(said).hexdigest()
