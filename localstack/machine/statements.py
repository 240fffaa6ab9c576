"""Has IAM judge a statement of PartiQL as AWS does: an INSERT by its own action, on the table that it names.

MiniStack asks whether the caller may take the action ExecuteStatement on all tables. AWS has no such action.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
"""

import json
import re
from typing import Any

from ministack.core import iam_actions

UNJUDGED, JUDGED = "dynamodb:ExecuteStatement", "dynamodb:PartiQLInsert"
INSERT = re.compile(r'\s*INSERT\s+INTO\s+"?([\w.-]+)', re.IGNORECASE)


def judge_statements() -> None:
    """Any other statement stays what it is for MiniStack, and no policy of ours allows that."""
    action_of, tables_of = iam_actions.extract_iam_action, iam_actions.dynamodb_resource_arns

    def judged_action(*request: Any) -> Any:
        action, body = action_of(*request), request[4]
        return JUDGED if action == UNJUDGED and _table(body) else action

    def judged_tables(body: bytes, region: str, account: str) -> list[str]:
        table, known = _table(body), tables_of(body, region, account)
        return known or ([f"arn:aws:dynamodb:{region}:{account}:table/{table}"] if table else [])

    iam_actions.extract_iam_action, iam_actions.dynamodb_resource_arns = judged_action, judged_tables


def _table(body: bytes) -> str:
    """The table into which the statement of a request inserts an item; "" for any other request."""
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return ""
    statement = asked.get("Statement") if isinstance(asked, dict) else None
    found = INSERT.match(statement) if isinstance(statement, str) else None
    return found[1] if found else ""
