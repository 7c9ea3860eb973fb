"""The shapes of parameters: what AWS's service models ask of each, and the sentence for each breach."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.fakes.refusal import Refusal, validation

NAME = r"[\w+=,.@-]*"
ARN = r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"


class Shape(NamedTuple):
    least: int
    most: int
    pattern: str | None = None
    number: bool = False
    required: bool = False


STS: dict[str, dict[str, Shape]] = {
    "GetCallerIdentity": {},
    "GetAccessKeyInfo": {"AccessKeyId": Shape(16, 128, r"[\w]*", required=True)},
    "GetSessionToken": {
        "DurationSeconds": Shape(900, 129600, number=True),
        "SerialNumber": Shape(9, 256, r"[\w+=/:,.@-]*"),
        "TokenCode": Shape(6, 6, r"[\d]*"),
    },
    "GetFederationToken": {
        "Name": Shape(2, 32, NAME, required=True),
        "DurationSeconds": Shape(900, 129600, number=True),
        "Policy": Shape(1, 2048),
    },
    "AssumeRole": {
        "RoleArn": Shape(20, 2048, required=True),
        "RoleSessionName": Shape(2, 64, NAME, required=True),
        "DurationSeconds": Shape(900, 43200, number=True),
        "ExternalId": Shape(2, 1224, r"[\w+=,.@:\/-]*"),
        "SerialNumber": Shape(9, 256, r"[\w+=/:,.@-]*"),
        "TokenCode": Shape(6, 6, r"[\d]*"),
        "SourceIdentity": Shape(2, 64, NAME),
        "Policy": Shape(1, 2048),
    },
    "AssumeRoleWithWebIdentity": {
        "RoleArn": Shape(20, 2048, required=True),
        "RoleSessionName": Shape(2, 64, NAME, required=True),
        "WebIdentityToken": Shape(4, 20000, required=True),
        "ProviderId": Shape(4, 2048),
        "DurationSeconds": Shape(900, 43200, number=True),
        "Policy": Shape(1, 2048),
    },
}
USER, KEY = Shape(1, 128, NAME), Shape(16, 128, r"[\w]+", required=True)
SERIAL = Shape(9, 256, r"[\w+=/:,.@-]+", required=True)
CODE = Shape(6, 6, r"[\d]+", required=True)
PAGE = {"Marker": Shape(1, 320), "MaxItems": Shape(1, 1000, number=True)}
IAM: dict[str, dict[str, Shape]] = {
    "GetUser": {"UserName": USER},
    "CreateAccessKey": {"UserName": USER},
    "UpdateAccessKey": {"UserName": USER, "AccessKeyId": KEY, "Status": Shape(1, 64, required=True)},
    "DeleteAccessKey": {"UserName": USER, "AccessKeyId": KEY},
    "ListAccessKeys": {"UserName": USER, **PAGE},
    "GetAccessKeyLastUsed": {"AccessKeyId": KEY},
    "CreateVirtualMFADevice": {
        "VirtualMFADeviceName": Shape(1, 226, r"[\w+=,.@-]+", required=True),
        "Path": Shape(1, 512, r"(/)|(/[!-~]+/)"),
    },
    "EnableMFADevice": {
        "UserName": USER._replace(required=True),
        "SerialNumber": SERIAL,
        "AuthenticationCode1": CODE,
        "AuthenticationCode2": CODE,
    },
    "ResyncMFADevice": {
        "UserName": USER._replace(required=True),
        "SerialNumber": SERIAL,
        "AuthenticationCode1": CODE,
        "AuthenticationCode2": CODE,
    },
    "ListMFADevices": {"UserName": USER, **PAGE},
    "ListVirtualMFADevices": {"AssignmentStatus": Shape(1, 64), **PAGE},
    "DeactivateMFADevice": {"UserName": USER, "SerialNumber": SERIAL},
    "DeleteVirtualMFADevice": {"SerialNumber": SERIAL},
    "GetRole": {"RoleName": Shape(1, 64, r"[\w+=,.@-]+", required=True)},
    "SimulatePrincipalPolicy": {
        "PolicySourceArn": Shape(20, 2048, required=True),
        "ActionNames.member.1": Shape(3, 128, required=True),
    },
}
STATUSES = {"Active", "Inactive", "Expired"}
ASSIGNMENTS = {"Assigned", "Unassigned", "Any"}


def check(parameters: dict[str, str], shapes: dict[str, Shape]) -> None:
    """Raises the ValidationError for everything wrong in `parameters` at once, as AWS does."""
    wrong: list[str] = []
    for name, shape in shapes.items():
        wrong += _faults(name[:1].lower() + name[1:], parameters.get(name), shape)
    for name, allowed in (("Status", STATUSES), ("AssignmentStatus", ASSIGNMENTS)):
        if name in shapes and parameters.get(name) not in (None, *allowed):
            wrong.append(
                f"Value '{parameters[name]}' at '{name[:1].lower() + name[1:]}' failed to satisfy constraint: "
                f"Member must satisfy enum value set: [{', '.join(sorted(allowed))}]"
            )
    if wrong:
        count = "1 validation error" if len(wrong) == 1 else f"{len(wrong)} validation errors"
        raise validation(f"{count} detected: {'; '.join(wrong)}")


def _faults(name: str, value: str | None, shape: Shape) -> list[str]:
    if value is None:
        if not shape.required:
            return []
        return [f"Value null at '{name}' failed to satisfy constraint: Member must not be null"]
    said = f"Value '{value}' at '{name}' failed to satisfy constraint: Member must "
    if shape.number:
        if not re.fullmatch(r"-?\d{1,9}", value):
            raise Refusal(400, "MalformedInput", "Invalid Argument")
        if int(value) < shape.least:
            return [f"{said}have value greater than or equal to {shape.least}"]
        if int(value) > shape.most:
            return [f"{said}have value less than or equal to {shape.most}"]
        return []
    faults = []
    if shape.pattern is not None and not re.fullmatch(shape.pattern, value, re.ASCII):
        faults.append(f"{said}satisfy regular expression pattern: {shape.pattern}")
    if len(value) < shape.least:
        faults.append(f"{said}have length greater than or equal to {shape.least}")
    if len(value) > shape.most:
        faults.append(f"{said}have length less than or equal to {shape.most}")
    return faults


def members(parameters: dict[str, str], name: str) -> list[dict[str, str]]:
    """A query list: `Name.member.N` or `Name.member.N.Field` to a list in the order of N; a plain item is {"": value}."""
    found: dict[int, dict[str, str]] = {}
    prefix = f"{name}.member."
    for key, value in parameters.items():
        if key.startswith(prefix):
            number, _, field = key[len(prefix) :].partition(".")
            if not number.isdigit():
                raise Refusal(400, "MalformedInput", "Invalid Argument")
            found.setdefault(int(number), {})[field] = value
    return [found[number] for number in sorted(found)]
