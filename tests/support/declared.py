"""Compares an HTTP answer in a test with its route's declaration: status, fields, refusals."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.support.wiring import MANIFEST

# The refusals of the kernel itself, on any route.
ANYWHERE = {"InvalidRequest", "Unauthenticated", "Forbidden"}
Declaration = Mapping[str, Any]


def undeclared(service: str, method: str, path: str, answered: Mapping[str, Any]) -> str:
    """The part of the answer that its route does not declare, if any. Unknown paths are left out."""
    found = [route for route in MANIFEST["routes"] if _is_route(route, service, method, path)]
    if not found or answered["statusCode"] >= 500:
        return ""
    body, status = json.loads(answered["body"]), str(answered["statusCode"])
    if int(status) >= 400:
        known = any(body["error"] in ANYWHERE | set(route["refuses"]) for route in found)
        return "" if known else f"{method} {path} refuses {body['error']}"
    shapes = [route["answers"][status] for route in found if status in route["answers"]]
    known = any(_fits(body, shape["fields"]) for shape in shapes)
    return "" if known else f"{method} {path} answers {status} {sorted(body)}"


def _is_route(route: Declaration, service: str, method: str, path: str) -> bool:
    pattern = re.sub(r"{\w+}", "[^/]*", route["path"])
    own = route["handler"].startswith(f"{service}.") and route["method"] == method
    return own and re.fullmatch(pattern, path) is not None


def _fits(body: Declaration, fields: Declaration) -> bool:
    needed = {name for name in fields if not name.endswith("?")}
    return needed <= set(body) <= {name.rstrip("?") for name in fields}
