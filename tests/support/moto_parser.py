"""Moto's readers of state machines, which read each text once. Moto alone reads it again for each use."""

from functools import cache
from typing import Any

import pytest
from jsonpath_ng.ext.parser import parse as read_path
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import json_path

_read = cache(AmazonStateLanguageParser.parse)


def install(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AmazonStateLanguageParser, "parse", _parse)
    patch.setattr(json_path, "parse", cache(read_path))


def _parse(definition: str) -> tuple[Any, Any]:
    """Each execution gets states of its own. They are made from the syntax tree, which nothing changes."""
    _, tree = _read(definition)
    return Preprocessor().visit(tree), tree
