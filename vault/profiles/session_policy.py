"""Session policies: what a session may do at most, beside what its role or user may do. Pure, but for reading their files.

AWS allows what any policy of a session allows, and never what one of them denies. Two policies that both allow something
would therefore widen each other, so they are never sent together.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from vault import limits
from vault.errors import ConfigError, UnsafeFile, Usage
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_ARN = re.compile(r"arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[!-~]{1,512}", re.ASCII)
_HINT = "use an IAM policy in JSON, with Version and Statement"


class SessionPolicy(NamedTuple):
    """An inline policy as compact JSON, and the ARNs of managed policies. ``places`` says where each was given."""

    document: str | None = None
    arns: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def statements(self) -> list[dict[str, Any]]:
        """The statements of the inline policy."""
        import json

        return _statements(json.loads(self.document or "{}"))

    @property
    def allows(self) -> bool:
        """Whether it allows anything. A policy with only Deny statements can be sent with any other policy."""
        return bool(self.arns) or any(each["Effect"] != "Deny" for each in self.statements)


EVERYTHING = SessionPolicy(
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
)

READ_ONLY = SessionPolicy(None, (f"arn:aws:{limits.READ_ONLY_POLICY}",), ("awsvault_read_only",))


def checked(file: str | None, arns: Sequence[str], *, file_at: str, arns_at: str) -> SessionPolicy | None:
    """The policy of ``file`` (a path) and ``arns``; None if there is neither. ``file_at`` and ``arns_at`` name their places.

    Errors: Usage for an invalid policy, UnsafeFile, StorageError.
    """
    if file is None and not arns:
        return None
    for arn in arns:
        if not _ARN.fullmatch(arn):
            raise Usage(
                f"{arns_at} {safe(arn, limit=80)!r} is not the ARN of a policy",
                hint="give one such as arn:aws:iam::aws:policy/ReadOnlyAccess",
            )
    document = _document(file, place=f"{file_at} {safe(file)!r}") if file is not None else None
    places = (*((file_at,) if file is not None else ()), *((arns_at,) if arns else ()))
    return fitting(SessionPolicy(document, tuple(dict.fromkeys(arns)), places))


def combined(policies: Sequence[SessionPolicy]) -> SessionPolicy | None:
    """One policy that allows no more than each of ``policies``; None for none. ConfigError if there is no such policy."""
    import json

    policies = list({(each.document, frozenset(each.arns)): each for each in policies}.values())
    if len(policies) < 2:
        return policies[0] if policies else None
    allowing = [place for policy in policies if policy.allows for place in policy.places]
    if sum(policy.allows for policy in policies) > 1:
        raise ConfigError(
            f"{' and '.join(allowing)} each allow some actions, and together AWS would allow all of them",
            hint="keep one of them, or use only Deny statements in the others",
        )
    documents = [json.loads(policy.document) for policy in policies if policy.document is not None]
    versions = {document.get("Version", "2008-10-17") for document in documents}
    places = tuple(place for policy in policies for place in policy.places)
    if len(versions) > 1:
        raise ConfigError(
            f"{' and '.join(places)} have different values of Version, so they cannot be joined",
            hint='write "Version": "2012-10-17" in each policy',
        )
    document = None
    if documents:
        statements = [statement for document in documents for statement in _statements(document)]
        document = _compact({"Version": versions.pop(), "Statement": statements})
    return fitting(SessionPolicy(document, tuple(arn for policy in policies for arn in policy.arns), places))


def fitting(policy: SessionPolicy) -> SessionPolicy:
    """``policy``, if AWS accepts its size and the number of its ARNs. Errors: Usage."""
    if len(policy.arns) > limits.SESSION_POLICY_ARNS:
        raise Usage(
            f"{policy.places[-1]} has {len(policy.arns)} policies, and AWS accepts {limits.SESSION_POLICY_ARNS}",
            hint="write the statements into one policy file",
        )
    size = len(policy.document or "") + sum(map(len, policy.arns))
    if size > limits.SESSION_POLICY_MOST:
        raise Usage(
            f"{' with '.join(policy.places)}: the policy has {size} characters, and AWS accepts {limits.SESSION_POLICY_MOST}",
            hint="shorten it, or create a managed policy in the account and use its ARN",
        )
    return policy


def _document(path: str, *, place: str) -> str:
    """The policy in a file, without whitespace, because AWS counts it."""
    import json

    from vault.system.user_files import read_users_file

    try:
        raw = read_users_file(path, limit=limits.SESSION_POLICY_FILE)
    except UnsafeFile:
        raise
    except ConfigError as error:
        raise _wrong(place.rpartition(" ")[0], error.message) from None  # which names the path
    if raw is None:
        raise Usage(f"{place}: no such file", hint="give the path of a policy in JSON")
    try:
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        raise _wrong(place, f"line {error.lineno} is not valid JSON") from None
    except RecursionError:
        raise _wrong(place, "it is nested too deeply") from None
    except ValueError as error:
        what = safe(str(error)) if isinstance(error, _Twice) else "it is not UTF-8 text"
        raise _wrong(place, what) from None
    _check_form(found, place)
    return _compact(found)


def _check_form(found: object, place: str) -> None:
    """The parts that AWS requires. A typing error would otherwise be found only after an MFA code is used."""
    if not isinstance(found, dict) or not isinstance(found.get("Statement"), dict | list):
        raise _wrong(place, "it has no Statement")
    for at, statement in enumerate(_statements(found), 1):
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise _wrong(place, f"statement {at} has no Effect that is Allow or Deny")
        if not {"Action", "NotAction"} & statement.keys():
            raise _wrong(place, f"statement {at} has no Action")
        if not {"Resource", "NotResource"} & statement.keys():
            raise _wrong(place, f"statement {at} has no Resource")
        if {"Principal", "NotPrincipal"} & statement.keys():
            raise _wrong(place, f"statement {at} has a Principal, which a session policy cannot have")


def _statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _compact(document: dict[str, Any]) -> str:
    import json

    return json.dumps(document, separators=(",", ":"))


class _Twice(ValueError):
    """A name appears twice in one object."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without duplicate keys: of two equal keys, different readers use different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice("a key appears twice in one object")
    return found


def _wrong(place: str, what: str) -> Usage:
    return Usage(f"{place}: {what}", hint=_HINT)
