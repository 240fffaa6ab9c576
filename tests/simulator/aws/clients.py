"""What stands where boto3's clients do: each method is one call across the boundary."""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

from tests.simulator.aws.dynamo.dynamo import Dynamo
from tests.simulator.boundary import Boundary
from tests.simulator.engine import Timeout
from tests.simulator.faults.kinds import Call, failure, lost
from tests.support.aws import SEALING

Request = dict[str, Any]


class Tables:
    """DynamoDB. As the SDK does, a transaction without a token gets one, which is sent again with it."""

    def __init__(self, boundary: Boundary, dynamo: Dynamo) -> None:
        self._call, self._dynamo, self._tokens = boundary.call, dynamo, 0

    def get_item(self, **request: Any) -> Any:
        return self._call("dynamodb", "GetItem", partial(self._dynamo.get_item, **request))

    def put_item(self, **request: Any) -> Any:
        return self._call("dynamodb", "PutItem", partial(self._dynamo.put_item, **request))

    def update_item(self, **request: Any) -> Any:
        return self._call("dynamodb", "UpdateItem", partial(self._dynamo.update_item, **request))

    def query(self, **request: Any) -> Any:
        return self._call("dynamodb", "Query", partial(self._dynamo.query, **request))

    def execute_statement(self, **request: Any) -> Any:
        return self._call("dynamodb", "Insert", partial(self._dynamo.execute_statement, **request))

    def transact_write_items(self, **request: Any) -> Any:
        self._tokens += 1
        request.setdefault("ClientRequestToken", f"sdk-{self._tokens}")
        parts = len(request["TransactItems"])
        effect = partial(self._dynamo.transact_write_items, **request)
        return self._call("dynamodb", "TransactWriteItems", effect, parts=parts)

    def transact_get_items(self, **request: Any) -> Any:
        effect = partial(self._dynamo.transact_get_items, **request)
        return self._call("dynamodb", "TransactGetItems", effect, parts=len(request["TransactItems"]))

    def batch_get_item(self, **request: Any) -> Any:
        effect = partial(self._dynamo.batch_get_item, **request)
        return self._call("dynamodb", "BatchGetItem", effect, partly=partial(self._some, request))

    def _some(self, request: Request) -> Any:
        """The first key is answered, the others are handed back."""
        ((table, asked),) = request["RequestItems"].items()
        first, rest = asked["Keys"][:1], asked["Keys"][1:]
        answer = self._dynamo.batch_get_item(RequestItems={table: {**asked, "Keys": first}})
        left = {table: {**asked, "Keys": rest}} if rest else {}
        return {**answer, "UnprocessedKeys": left}

    def get_paginator(self, operation: str) -> SimpleNamespace:
        assert operation == "query"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, PaginationConfig: Mapping[str, int] | None = None, **request: Any) -> Iterator[Any]:  # noqa: N803 - as boto3
        left = (PaginationConfig or {}).get("MaxItems", 1_000_000)
        while True:
            page = self.query(**request)
            page["Items"] = page["Items"][:left]
            left -= len(page["Items"])
            yield page
            if left <= 0 or "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


class Events:
    """EventBridge: at most ten entries, and failures per entry inside a 200."""

    def __init__(self, boundary: Boundary, bus: Any) -> None:
        self._call, self._bus = boundary.call, bus

    def put_events(self, *, Entries: list[Request]) -> Any:  # noqa: N803 - as boto3
        assert 1 <= len(Entries) <= 10
        return self._call(
            "events", "PutEvents", partial(self._put, Entries), partly=partial(self._some, Entries)
        )

    def _put(self, entries: list[Request]) -> Any:
        return {"FailedEntryCount": 0, "Entries": [self._bus.put(entry) for entry in entries]}

    def _some(self, entries: list[Request]) -> Any:
        """Every second entry is taken, beginning with the second."""
        failed = {"ErrorCode": "InternalFailure", "ErrorMessage": "InternalFailure"}
        results = [self._bus.put(entry) if place % 2 else failed for place, entry in enumerate(entries)]
        return {"FailedEntryCount": results.count(failed), "Entries": results}


class StepFunctions:
    def __init__(self, boundary: Boundary, machines: Any) -> None:
        self._call, self._machines = boundary.call, machines
        self.exceptions = machines.exceptions

    def start_execution(self, **request: Any) -> Any:
        is_express = request["stateMachineArn"].rpartition(":")[2] in self._machines.express
        operation = "StartExecution (Express)" if is_express else "StartExecution"
        effect, accepted = partial(self._machines.start, **request), partial(self._machines.accept, **request)
        return self._call("states", operation, effect, partly=accepted)


class Lambda:
    """Synchronous invocations; the client reads for `patience` seconds."""

    def __init__(self, boundary: Boundary, functions: Any, *, patience: float = 35) -> None:
        self._call, self._functions, self._patience = boundary.call, functions, patience

    def invoke(self, *, FunctionName: str, Payload: bytes) -> Any:  # noqa: N803 - as boto3
        return self._call("lambda", "Invoke", partial(self._answered, FunctionName, json.loads(Payload)))

    def _answered(self, function: str, payload: Any) -> Any:
        try:
            answer = self._functions.ask(function, payload, patience=self._patience)
        except Timeout:
            raise lost(Call(0, "", "lambda", "Invoke")) from None
        error = {"FunctionError": "Unhandled"} if answer.error else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer.payload).encode()), **error}


class Kms:
    """Wraps data keys, each for its encryption context. What was wrapped for another context stays closed."""

    def __init__(self, boundary: Boundary) -> None:
        self._call, self._made = boundary.call, 0

    def generate_data_key(self, **request: Any) -> Any:
        return self._call("kms", "GenerateDataKey", partial(self._generated, **request))

    def decrypt(self, **request: Any) -> Any:
        return self._call("kms", "Decrypt", partial(self._decrypted, **request))

    def _generated(self, *, KeyId: str, KeySpec: str, EncryptionContext: Request) -> Any:  # noqa: N803 - as boto3
        assert (KeyId, KeySpec) == (SEALING["WRAPPING_KEY"], "AES_256")
        self._made += 1
        key = hashlib.sha256(f"data key {self._made}".encode()).digest()
        wrapped = json.dumps({"key": key.hex(), "for": EncryptionContext}).encode()
        return {"KeyId": KeyId, "Plaintext": key, "CiphertextBlob": wrapped}

    def _decrypted(self, *, CiphertextBlob: bytes, EncryptionContext: Request) -> Any:  # noqa: N803 - as boto3
        known = json.loads(CiphertextBlob)
        if known["for"] != EncryptionContext:
            call = Call(0, "", "kms", "Decrypt")
            raise failure("InvalidCiphertextException", call, status=400)
        return {"KeyId": SEALING["WRAPPING_KEY"], "Plaintext": bytes.fromhex(known["key"])}


class Secrets:
    def __init__(self, boundary: Boundary, secrets: Mapping[str, str]) -> None:
        self._call, self._secrets = boundary.call, secrets

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - as boto3
        return self._call("secretsmanager", "GetSecretValue", partial(self._read, SecretId))

    def _read(self, name: str) -> Any:
        return {"SecretString": self._secrets[name]}
