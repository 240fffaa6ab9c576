"""Tables, bus and environment of a service on moto, and the events that AWS hands to a function."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import boto3

from kernel.events import Envelope
from kernel.table import items as door

DUMMY_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    "POWERTOOLS_METRICS_DISABLED": "true",
}
# The secondary indexes of each service that has any: name -> (hash key, range key).
INDEXES = {
    "orders": {"open": ("open_shard", "due_at")},
    "inventory": {"open": ("open_shard", "due_at")},
    "payments": {"commits": ("hour", "moment"), "open": ("open_shard", "due_at")},
    "acquirer": {"by_reference": ("reference", "created_at"), "due": ("due", "due_at")},
    "customers": {"open": ("open_shard", "due_at")},
    "storefront": {
        "orders_of_customer": ("customer_id", "placed_at"),
        "by_customer": ("customer_id", "placed_at"),
    },
}
# The table of data keys, and the name of the key that wraps them.
SEALING = {"KEYS": "customers-keys", "WRAPPING_KEY": "alias/customers"}
COPIES = {"by_reference", "by_customer"}  # the indexes that hold whole items; all others hold keys
# Moto copies a table with its whole stream in each transaction. So only a table whose stream is read has one.
STREAMED = {"testing"}
FAR_FUTURE = 4_102_444_800


def environment(service: str) -> dict[str, str]:
    commits = "commits" if service == "payments" else ""
    table = {"TABLE": f"{service}-table", "VAULT": "vault-table"}
    sealing = SEALING if service == "customers" else {}
    return {"SERVICE": service, **table, "BUS": "settle", "COMMITS": commits, **sealing}


@cache
def client(name: str) -> Any:
    """The tests' own client, made once. Hooks in boto3's default session do not reach it."""
    return boto3.Session().client(name)  # type: ignore[call-overload]


def create_table(service: str) -> None:
    indexes = INDEXES.get(service, {})
    attributes = {"pk", "sk", *(name for keys in indexes.values() for name in keys)}
    client("dynamodb").create_table(
        TableName=f"{service}-table",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("pk", "sk"),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in sorted(attributes)],
        **_stream(service),
        **_secondary(indexes),
    )
    if service == "customers":
        _create_keys()


def _create_keys() -> None:
    client("dynamodb").create_table(
        TableName=SEALING["KEYS"],
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("pk", "sk"),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    )
    made = client("kms").create_key()["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName=SEALING["WRAPPING_KEY"], TargetKeyId=made)


def create_vault() -> None:
    """The table of the ledger's seals, beside payments' own."""
    attributes = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
    client("dynamodb").create_table(
        TableName="vault-table",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("pk", "sk"),
        AttributeDefinitions=attributes,
    )


def create_bus() -> None:
    client("events").create_event_bus(Name="settle")


def items(service: str) -> list[dict[str, Any]]:
    """Every item of the service's table, plain, in key order."""
    return stored(f"{service}-table")


def stored(table: str) -> list[dict[str, Any]]:
    """Every item of the table, plain, in key order."""
    from tests.support import tables  # noqa: PLC0415 - the simulator takes this module and needs no moto

    found = map(door.unpack, tables.images(table))
    return sorted(found, key=lambda item: (item["pk"], item["sk"]))


def committed(service: str) -> list[Envelope]:
    """Every event in the service's outbox, by subject and sequence."""
    rows = [item for item in items(service) if item.get("kind") == "outbox"]
    events = [Envelope.model_validate_json(text) for row in rows for text in row["events"]]
    return sorted(events, key=lambda event: (event.subject, event.sequence))


def state(service: str) -> list[dict[str, Any]]:
    """Every item except the outbox rows."""
    return [item for item in items(service) if item.get("kind") != "outbox"]


def request(
    method: str,
    path: str,
    body: Any = None,
    *,
    customer: str = "alice",
    role: str = "customer",
    key: str | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """An API Gateway REST proxy event whose authorizer has accepted the caller."""
    return {
        "httpMethod": method,
        "path": path,
        "resource": path,
        "headers": {"idempotency-key": key} if key is not None else {},
        "multiValueHeaders": {},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "pathParameters": None,
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "request-1",
            "authorizer": {"customer_id": customer, "role": role, "expires_at": str(FAR_FUTURE)},
        },
    }


def call(api: Any, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON body of one request to a service's api handler."""
    answer = api(request(method, path, body, **options), None)
    return answer["statusCode"], json.loads(answer["body"])


def queued(*messages: Mapping[str, Any]) -> dict[str, Any]:
    """An SQS batch of JSON messages."""
    return {
        "Records": [
            {"messageId": f"m{place}", "body": json.dumps(message)} for place, message in enumerate(messages)
        ]
    }


def batch(envelopes: Sequence[Envelope]) -> dict[str, Any]:
    """An SQS batch as EventBridge fills it."""
    return queued(*({"detail": json.loads(one.model_dump_json())} for one in envelopes))


def _projection(index: str) -> Any:
    """The projection that infrastructure/service_table.py gives the index."""
    return {"ProjectionType": "ALL" if index in COPIES else "KEYS_ONLY"}


def _keys(hash_key: str, range_key: str) -> list[Any]:
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


def _stream(service: str) -> dict[str, Any]:
    shown = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    return {"StreamSpecification": shown} if service in STREAMED else {}


def _secondary(indexes: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    described = [
        {"IndexName": name, "KeySchema": _keys(*keys), "Projection": _projection(name)}
        for name, keys in indexes.items()
    ]
    return {"GlobalSecondaryIndexes": described} if described else {}
