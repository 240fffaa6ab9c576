"""Types: mypy reads few modules of the CDK, to take half as long, and all that types of ours lead to."""

import re
import tomllib
from fnmatch import fnmatch
from importlib.metadata import distribution
from pathlib import Path

from tests.architecture.source import ROOT

IMPORT = re.compile(r"^ +import (aws_cdk[\w.]*) as _", re.MULTILINE)


def imports(module: str) -> set[str]:
    """The modules of the CDK that a module of the CDK takes types from."""
    folder = Path(str(distribution("aws-cdk-lib").locate_file(module.replace(".", "/"))))
    return set(IMPORT.findall((folder / "__init__.py").read_text(encoding="utf-8")))


def test_every_module_that_a_module_of_the_cdk_takes_types_from_is_read_too() -> None:
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    (read,) = (each["module"] for each in overrides if each.get("follow_imports") == "normal")
    reached = {found for name in read if "*" not in name for found in imports(name)}
    assert {"aws_cdk", "aws_cdk.aws_ec2", "aws_cdk.interfaces.aws_iam"} <= reached
    assert {
        name for name in reached if not any(fnmatch(name, each) or each == f"{name}.*" for each in read)
    } == set()
