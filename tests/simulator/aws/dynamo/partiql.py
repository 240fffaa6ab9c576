"""PartiQL, as far as it is used: an INSERT of one item whose values are parameters."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from tests.simulator.aws.dynamo.requests import Request, failure, insist

INSERT = re.compile(r"""INSERT INTO "([\w.-]+)" VALUE \{(.+)\}""")
FIELD = re.compile(r"'(\w+)': \?")


def put_of(request: Request) -> Request:
    """The put that the statement stands for. It fails on an existing key."""
    found = INSERT.fullmatch(request["Statement"])
    insist(found is not None)
    assert found is not None
    fields, parameters = found[2].split(", "), request["Parameters"]
    insist(all(FIELD.fullmatch(field) for field in fields) and len(fields) == len(parameters))
    names = [field.partition("'")[2].partition("'")[0] for field in fields]
    item = dict(zip(names, parameters, strict=True))
    guard = {"ConditionExpression": "attribute_not_exists(#pk)", "ExpressionAttributeNames": {"#pk": "pk"}}
    return {"TableName": found[1], "Item": item, **guard}


@contextmanager
def duplicate_refused() -> Iterator[None]:
    """A put that finds its key is refused in the words of an INSERT."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        said = "Duplicate primary key exists in table"
        raise failure("DuplicateItemException", said, "ExecuteStatement") from None
