"""Session policies: what a session may do at most, beside what its role or user may do. Pure, but for reading their files.

AWS allows what any policy of a session allows, and never what one of them denies. Two policies that both allow something
would therefore widen each other, so they are never sent together.
"""

from __future__ import annotations

from vault import limits
from vault.errors import ConfigError, StorageError, UnsafeFile, Usage
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_ARN = r"(?a:arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[!-~]{1,512})"
_VERSIONS = ("2012-10-17", "2008-10-17")
_MOST_DIGITS = 40
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

    @property
    def alone(self) -> SessionPolicy:
        """The policy to send if no other one goes with it. A session may do nothing that no policy allows, so beside mere
        Deny statements everything else is allowed.
        """
        import json

        if self.allows:
            return self
        document = json.loads(self.document or "{}")
        return self._replace(document=_compact({**document, "Statement": [*self.statements, _EVERYTHING]}))


_EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
EVERYTHING = SessionPolicy(
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
)


def read_only_policy(partition: str) -> str:
    """The ARN of the managed policy that awsvault_read_only applies. Each partition has its own."""
    return f"arn:{partition}:iam::aws:policy/ReadOnlyAccess"


READ_ONLY = SessionPolicy(None, (read_only_policy("aws"),), ("awsvault_read_only",))


def checked(file: str | None, arns: Sequence[str], *, file_at: str, arns_at: str) -> SessionPolicy | None:
    """The policy of ``file`` (a path) and ``arns``; None if there is neither. ``file_at`` and ``arns_at`` name their places.

    Errors: Usage for an invalid policy, UnsafeFile, StorageError.
    """
    if file is None and not arns:
        return None
    import re

    for arn in arns:
        if not re.fullmatch(_ARN, arn):
            raise Usage(
                f"{arns_at} {safe(arn, limit=80)!r} is not the ARN of a policy",
                hint="give one such as arn:aws:iam::aws:policy/ReadOnlyAccess",
            )
    document = _document(file, at=file_at) if file is not None else None
    places = (*((file_at,) if file is not None else ()), *((arns_at,) if arns else ()))
    return fitting(SessionPolicy(document, tuple(dict.fromkeys(arns)), places))


def combined(policies: Sequence[SessionPolicy]) -> SessionPolicy | None:
    """One policy that allows no more than each of ``policies``; None for none. ConfigError if there is no such policy."""
    policies = list({(each.document, frozenset(each.arns)): each for each in policies}.values())
    if len(policies) < 2:
        return policies[0] if policies else None
    import json

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
        if len(documents) > 1:  # AWS accepts a Sid only once
            statements = [
                {name: value for name, value in each.items() if name != "Sid"} for each in statements
            ]
        document = _compact({"Version": versions.pop(), "Statement": statements})
    return fitting(SessionPolicy(document, tuple(arn for policy in policies for arn in policy.arns), places))


def check_partition(policy: SessionPolicy, *, partition: str) -> None:
    """ConfigError if a managed policy is in another partition than the role or the user: AWS would not find it."""
    for arn in policy.arns:
        found = arn.split(":")[1]
        if found != partition:
            raise ConfigError(
                f"{' and '.join(policy.places)}: {arn} is in the partition {found}, but the session is for {partition}",
                hint=f"use a policy whose ARN begins with arn:{partition}:",
            )


def fitting(policy: SessionPolicy) -> SessionPolicy:
    """``policy``, if AWS accepts its size and the number of its ARNs. Errors: Usage."""
    if len(policy.arns) > limits.SESSION_POLICY_ARNS:
        raise Usage(
            f"{policy.places[-1]} has {len(policy.arns)} policies, and AWS accepts {limits.SESSION_POLICY_ARNS}",
            hint="write the statements into one policy file",
        )
    size = len(policy.alone.document or "") + sum(map(len, policy.arns))
    if size > limits.SESSION_POLICY_MOST:
        raise Usage(
            f"{' with '.join(policy.places)}: the policy has {size} characters, and AWS accepts {limits.SESSION_POLICY_MOST}",
            hint="shorten it, or create a managed policy in the account and use its ARN",
        )
    return policy


def _document(path: str, *, at: str) -> str:
    """The policy in a file, without whitespace, because AWS counts it. ``at`` is where the path is given."""
    import json

    from vault.system.user_files import read_users_file

    place = f"{at} {safe(path)!r}"
    try:
        raw = read_users_file(path, limit=limits.SESSION_POLICY_FILE)
    except (UnsafeFile, StorageError) as error:
        error.message = f"{at}: {error.message}"  # which names the path
        raise
    except ConfigError as error:
        raise _wrong(at, error.message) from None
    if raw is None:
        raise Usage(f"{place}: no such file", hint="give the path of a policy in JSON")
    try:
        found = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_pairs,
            parse_constant=_constant,
            parse_int=_number,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        raise _wrong(place, f"line {error.lineno} is not valid JSON") from None
    except RecursionError:
        raise _wrong(place, "it is nested too deeply") from None
    except ValueError as error:
        what = safe(str(error)) if isinstance(error, _Unfit) else "it is not UTF-8 text"
        raise _wrong(place, what) from None
    _check_form(found, place)
    return _compact(found)


def _check_form(found: object, place: str) -> None:
    """The parts that AWS requires. A typing error would otherwise be found only after an MFA code is used."""
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("Statement"), dict | list)
        or not found["Statement"]
    ):
        raise _wrong(place, "it has no Statement")
    if found.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise _wrong(place, f"its Version is not {' or '.join(_VERSIONS)}")
    for at, statement in enumerate(_statements(found), 1):
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise _wrong(place, f"statement {at} has no Effect that is Allow or Deny")
        for name in ("Action", "Resource"):
            given = {name, f"Not{name}"} & statement.keys()
            if not given:
                raise _wrong(place, f"statement {at} has no {name}")
            if len(given) > 1:
                raise _wrong(place, f"statement {at} has both {name} and Not{name}")
            if not _are_texts(statement[given.pop()]):
                raise _wrong(place, f"{name} of statement {at} is neither a string nor a list of strings")
        if {"Principal", "NotPrincipal"} & statement.keys():
            raise _wrong(place, f"statement {at} has a Principal, which a session policy cannot have")
    _check_sids(_statements(found), place)


def _are_texts(found: object) -> bool:
    every = found if isinstance(found, list) else [found]
    return bool(every) and all(isinstance(each, str) for each in every)


def _check_sids(statements: list[dict[str, Any]], place: str) -> None:
    seen: list[object] = []
    for at, statement in enumerate(statements, 1):
        sid = statement.get("Sid", "")
        if not isinstance(sid, str):
            raise _wrong(place, f"Sid of statement {at} is not a string")
        if sid and sid in seen:
            raise _wrong(place, f"statement {at} has the Sid of an earlier statement")
        seen.append(sid)


def _statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _compact(document: dict[str, Any]) -> str:
    import json

    return json.dumps(document, separators=(",", ":"))


class _Unfit(ValueError):
    """JSON of a form that AWS's readers do not accept, or read in another way."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without duplicate keys: of two equal keys, different readers use different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Unfit("a key appears twice in one object")
    return found


def _constant(name: str) -> None:
    raise _Unfit(f"{name} is not valid JSON")


def _number(text: str) -> int | float:
    if len(text) > _MOST_DIGITS:
        raise _Unfit("a number in it is too long")
    found = int(text) if text.lstrip("-").isdigit() else float(text)
    if found in (float("inf"), float("-inf")):
        raise _Unfit("a number in it is too large")
    return found


def _wrong(place: str, what: str) -> Usage:
    return Usage(f"{place}: {what}", hint=_HINT)
