"""Reads templates as IAM would: which role may do what, on resources written out as ARNs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Template = Mapping[str, Any]
ATTRIBUTES = {
    ("AWS::SQS::Queue", "QueueName"): "arn:{}",
    ("AWS::DynamoDB::Table", "Arn"): "arn:aws:dynamodb:here:me:table/{}",
    ("AWS::DynamoDB::Table", "StreamArn"): "arn:aws:dynamodb:here:me:table/{}/stream/now",
    ("AWS::Logs::LogGroup", "Arn"): "arn:aws:logs:here:me:log-group:{}:*",
    ("AWS::StepFunctions::StateMachine", "Name"): "{}",
}

PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "here", "AWS::AccountId": "me", "AWS::URLSuffix": "suffix"}


@dataclass(frozen=True)
class Grant:
    """One action that a role has on one resource."""

    stack: str
    role: str
    action: str
    resource: str
    condition: str


def allowed(template: Template) -> dict[str, set[str]]:
    """The IAM actions of each function of a stack, by the function's construct id (`ReserveStock`)."""
    actions = defaultdict(set)
    for role, statement in _statements(template):
        actions[role].update(_listed(statement["Action"]))
    return {
        construct_id(function["Properties"]["Handler"]): actions[
            function["Properties"]["Role"]["Fn::GetAtt"][0]
        ]
        for function in template["Resources"].values()
        if function["Type"] == "AWS::Lambda::Function"
    }


def construct_id(handler: str) -> str:
    """`ReserveStock` for inventory.tasks.reserve_stock. A function `handler` has the name of its module."""
    parts = handler.split(".")
    name = parts[-1] if parts[-1] != "handler" else parts[-2] if parts[-2] != "handler" else parts[-3]
    return "".join(word.capitalize() for word in name.split("_"))


def grants(templates: Mapping[str, Template]) -> Iterator[Grant]:
    """Everything that any role of any stack may do."""
    for stack, template in templates.items():
        for role, statement in _statements(template):
            assert statement["Effect"] == "Allow"
            for action in _listed(statement["Action"]):
                for resource in _listed(statement["Resource"]):
                    arn = written_out(resource, templates, stack)
                    yield Grant(stack, role, action, arn, str(statement.get("Condition", "")))


def written_out(value: Any, templates: Mapping[str, Template], stack: str) -> str:
    """A template's value as text. Every reference to a resource has the form `<stack>.<logical id>`."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return PSEUDO.get(name, f"arn:{stack}.{name}")
        case {"Fn::GetAtt": [name, attribute]}:
            kind = templates[stack]["Resources"][name]["Type"]
            form = ATTRIBUTES.get(
                (kind, attribute), "arn:{}" if attribute in ("Arn", "Id") else "{}/" + attribute
            )
            return form.format(f"{stack}.{name}")
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(written_out(part, templates, stack) for part in parts)
        case {"Fn::ImportValue": export}:
            return _exported(export, templates)
    raise AssertionError(f"cannot write out {value}")


def is_of(grant: Grant, role: str) -> bool:
    """Whether the grant belongs to the role of the construct `role`."""
    return fnmatchcase(grant.role, f"*{role}Role*")


def reaches(pattern: str, arn: str) -> bool:
    """Whether a statement's resource covers the ARN, wildcards included."""
    return fnmatchcase(arn, pattern)


def _exported(export: str, templates: Mapping[str, Template]) -> str:
    for stack, template in templates.items():
        for output in template.get("Outputs", {}).values():
            if output.get("Export", {}).get("Name") == export:
                return written_out(output["Value"], templates, stack)
    raise AssertionError(f"nothing exports {export}")


def _statements(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Role and statement of attached and of inline policies. A managed policy would hide its statements."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Policy":
            for role in properties["Roles"]:
                for statement in properties["PolicyDocument"]["Statement"]:
                    yield role["Ref"], statement
        if resource["Type"] == "AWS::IAM::Role":
            assert not properties.get("ManagedPolicyArns"), f"{name} has a managed policy"
            for policy in properties.get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
