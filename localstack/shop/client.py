"""A small client of Settle's HTTP API, for the seed, the demo and the end-to-end tests.

Amounts are integers in minor units of EUR. A refusal is returned like any other response: no status raises an
error.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

JSON = {"Content-Type": "application/json"}
CALL_SECONDS = 60.0


@dataclass(frozen=True)
class ApiResponse:
    """Status, headers (names in lower case) and the decoded JSON body; None when there is no body."""

    status: int
    headers: Mapping[str, str]
    body: Any


def money(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def fresh_key() -> str:
    """A new Idempotency-Key, for a request that is not to be repeated."""
    return str(uuid.uuid4())


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace") or None


@dataclass(frozen=True)
class Settle:
    """The API as one caller uses it: the address, and a bearer token if any. Safe for several threads."""

    url: str
    token: str | None = None
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=50, retries=False, timeout=CALL_SECONDS)
    )

    def as_bearer(self, token: str | None) -> "Settle":
        return Settle(self.url, token, self.pool)

    def send(
        self, method: str, path: str, body: bytes | None = None, *, headers: Mapping[str, str] | None = None
    ) -> ApiResponse:
        """Sends exactly these bytes as the body."""
        said = {**(JSON if body is not None else {}), **(headers or {})}
        if self.token is not None:
            said["Authorization"] = f"Bearer {self.token}"
        got = self.pool.request(method, self.url + path, body=body, headers=said)
        return ApiResponse(
            got.status, {name.lower(): value for name, value in got.headers.items()}, _decoded(got.data)
        )

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> ApiResponse:
        """Sends a JSON body and, where given, an Idempotency-Key."""
        data = None if body is None else json.dumps(body).encode()
        return self.send(method, path, data, headers={"Idempotency-Key": key} if key is not None else {})

    def list_product(self, sku: str, name: str, price: int) -> ApiResponse:
        return self.call("PUT", f"/catalog/products/{sku}", {"name": name, "price": money(price)})

    def receive_stock(self, sku: str, quantity: int) -> ApiResponse:
        return self.call("POST", f"/inventory/{sku}/receipts", {"quantity": quantity}, key=fresh_key())

    def stock(self, sku: str) -> ApiResponse:
        return self.call("GET", f"/inventory/{sku}")

    def register_method(self, token: str) -> ApiResponse:
        return self.call("POST", "/payments/methods", {"token": token}, key=fresh_key())

    def checkout(self, sku: str, quantity: int, method: str, *, key: str | None = None) -> ApiResponse:
        body = {"lines": [{"sku": sku, "quantity": quantity}], "payment_method": method}
        return self.call("POST", "/checkout", body, key=key or fresh_key())

    def order(self, order_id: str) -> ApiResponse:
        return self.call("GET", f"/orders/{order_id}")

    def cancel(self, order_id: str) -> ApiResponse:
        return self.call("POST", f"/orders/{order_id}/cancel")

    def payment(self, order_id: str) -> ApiResponse:
        return self.call("GET", f"/payments/{order_id}")

    def history(self, order_id: str, min_sequence: int = 0) -> ApiResponse:
        asked = f"?min_sequence={min_sequence}" if min_sequence else ""
        return self.call("GET", f"/storefront/orders/{order_id}{asked}")
