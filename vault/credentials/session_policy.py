"""A policy that narrows a session, as ``--policy FILE`` and ``--policy-arn ARN`` give it. Checked before any call."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from vault import limits
from vault.errors import Usage
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_ARN = re.compile(r"arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[!-~]{1,512}", re.ASCII)


class SessionPolicy(NamedTuple):
    """An inline policy as compact JSON, and ARNs of managed ones. AWS allows what any of them allows and the user may do."""

    document: str | None = None
    arns: tuple[str, ...] = ()


EVERYTHING = SessionPolicy(
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
)


def given(file: str | None, arns: Sequence[str]) -> SessionPolicy | None:
    """The policy of the options, None if neither is given. Errors: Usage, UnsafeFile, StorageError."""
    if file is None and not arns:
        return None
    for arn in arns:
        if not _ARN.fullmatch(arn):
            raise Usage(
                f"--policy-arn {safe(arn, limit=80)!r} is not the ARN of a policy",
                hint="give one such as arn:aws:iam::aws:policy/ReadOnlyAccess",
            )
    if len(arns) > limits.SESSION_POLICY_ARNS:
        raise Usage(
            f"--policy-arn is given {len(arns)} times, and AWS accepts {limits.SESSION_POLICY_ARNS}",
            hint="write the statements into one file for --policy",
        )
    policy = SessionPolicy(_document(file) if file is not None else None, tuple(arns))
    size = len(policy.document or "") + sum(map(len, arns))
    if size > limits.SESSION_POLICY_MOST:
        raise Usage(
            f"the policy has {size} characters, and AWS accepts {limits.SESSION_POLICY_MOST}",
            hint="shorten it, or create a managed policy in the account and name it with --policy-arn",
        )
    return policy


def _document(path: str) -> str:
    """The policy in a file, without blanks: AWS counts them."""
    import json

    from vault.system.user_files import read_users_file

    raw = read_users_file(path, limit=limits.SESSION_POLICY_FILE)
    if raw is None:
        raise Usage(f"--policy {safe(path)!r}: there is no such file", hint="give the path of a JSON policy")
    try:
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        raise _wrong(path, f"line {error.lineno} is not valid JSON") from None
    except RecursionError:
        raise _wrong(path, "it is nested too deeply") from None
    except ValueError as error:
        raise _wrong(
            path, safe(str(error)) if isinstance(error, _Twice) else "it is not UTF-8 text"
        ) from None
    if not isinstance(found, dict) or not isinstance(found.get("Statement"), dict | list):
        raise _wrong(path, "it has no Statement")
    return json.dumps(found, separators=(",", ":"))


class _Twice(ValueError):
    """A name stands twice in one object."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names differ: of two equal ones, readers take different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice("a key appears twice in one object")
    return found


def _wrong(path: str, what: str) -> Usage:
    return Usage(
        f"--policy {safe(path)!r}: {what}", hint="give an IAM policy in JSON, with Version and Statement"
    )
