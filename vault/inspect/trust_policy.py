"""Reads a role's trust policy for one call: does it let the caller in, and if not, which conditions are not met? Pure.

Only condition keys whose values awsvault-py knows are decided. Others, such as the source IP, are reported as unknown.
"""

from __future__ import annotations

import re

from vault.inspect.refused_call import MFA_AGE_KEY, MFA_KEY
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from vault.inspect.refused_call import RefusedCall

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_PATTERNS = ("StringLike", "ArnLike", "ArnEquals")


class Condition(NamedTuple):
    """One key of a condition, with its operator and the values in the policy. ``denies``: it is of a Deny statement."""

    key: str
    operator: str
    wanted: tuple[str, ...]
    denies: bool = False

    @property
    def demand(self) -> str:
        """What the call needs so that the statement is no obstacle: a value that ``is`` or ``is-not`` one of ``wanted``, or a
        value that is ``present`` or ``absent``.
        """
        operator = _plain_operator(self.operator)
        if operator == "Null":
            return "present" if ("false" in self.wanted) != self.denies else "absent"
        return "is-not" if ("Not" in operator) != self.denies else "is"

    @property
    def asks_for_mfa(self) -> bool:
        """Whether a call with MFA, or with more recent MFA, is what it needs."""
        key = self.key.lower()
        if key == MFA_AGE_KEY.lower():
            return True
        return key == MFA_KEY.lower() and (
            self.demand == "present"
            if self.operator == "Null"
            else ("true" in [each.lower() for each in self.wanted]) != self.denies
        )


class Verdict(NamedTuple):
    """What a trust policy says to a call.

    ``names``: a statement allows the action to the caller or its account, on ``unmet`` and ``unknown`` conditions (those of the
    statement that comes closest). ``directly``: that statement names the caller itself, not its account. ``denied_by``: the
    conditions of each Deny statement that applies; no conditions if it has none. ``unknown`` also has the conditions of a
    Deny statement that may apply.
    """

    names: bool
    unmet: tuple[Condition, ...]
    unknown: tuple[Condition, ...]
    denied_by: tuple[tuple[Condition, ...], ...] = ()
    directly: bool = False

    @property
    def allows(self) -> bool:
        """Whether the policy certainly allows the call."""
        return self.names and not self.unmet and not self.unknown and not self.denied_by


def read(document: Mapping[str, Any], call: RefusedCall, action: str) -> Verdict:
    """What the trust policy ``document`` says to ``action`` of ``call``."""
    context = {key.lower(): value for key, value in call.context().items()}
    if call.mfa is False:
        context[MFA_AGE_KEY.lower()] = None
    best: tuple[tuple[Condition, ...], tuple[Condition, ...], bool] | None = None
    denied_by: list[tuple[Condition, ...]] = []
    doubts: list[Condition] = []
    for statement in _listed(document.get("Statement")):
        if not isinstance(statement, dict) or not _concerns(statement, call, action):
            continue
        decided = [(each, _met(each, context)) for each in _conditions(statement)]
        unmet = tuple(each for each, met in decided if met is False)
        unknown = tuple(each for each, met in decided if met is None)
        if statement.get("Effect") == "Deny":
            if not unmet and not unknown:
                denied_by.append(tuple(each for each, _ in decided))
            elif not unmet:
                doubts += unknown
            continue
        itself = bool({call.caller, call.principal} & set(_principals(statement.get("Principal"))))
        if best is None or (len(unmet), len(unknown), best[2]) < (len(best[0]), len(best[1]), itself):
            best = unmet, unknown, itself
    unmet, unknown, itself = best or ((), (), False)
    return Verdict(best is not None, unmet, (*unknown, *doubts), tuple(denied_by), itself)


def _concerns(statement: Mapping[str, Any], call: RefusedCall, action: str) -> bool:
    """Whether the statement is about this caller and this action."""
    if "Action" in statement:
        fits = any(_like(str(each), action) for each in _listed(statement["Action"]))
    else:
        fits = not any(_like(str(each), action) for each in _listed(statement.get("NotAction")))
    own = {call.caller, call.principal, call.caller_account, "*"}
    if call.caller_account:
        own.add(f"arn:{call.caller.split(':')[1]}:iam::{call.caller_account}:root")
    if "Principal" in statement:
        return fits and any(_is_one(each, own, call) for each in _principals(statement["Principal"]))
    return fits and not any(_is_one(each, own, call) for each in _principals(statement.get("NotPrincipal")))


def _is_one(principal: str, own: set[str], call: RefusedCall) -> bool:
    """Whether ``principal`` is the caller, one of ``own``. The caller's role may have a path that is not known here."""
    if principal in own:
        return True
    start, _, name = call.principal.rpartition("/")
    found, _, other = principal.rpartition("/")
    return call.path_unknown and name == other and found.startswith(f"{start}/")


def _principals(found: Any) -> list[str]:
    named = found.get("AWS") if isinstance(found, dict) else found
    return [str(each) for each in _listed(named)]


def _conditions(statement: Mapping[str, Any]) -> Iterator[Condition]:
    found = statement.get("Condition")
    for operator, keys in (found if isinstance(found, dict) else {}).items():
        for key, wanted in (keys if isinstance(keys, dict) else {}).items():
            values = tuple(_word(each) for each in _listed(wanted))
            yield Condition(str(key), str(operator), values, denies=statement.get("Effect") == "Deny")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _met(condition: Condition, context: Mapping[str, str | None]) -> bool | None:
    """Whether a condition is met; None if that cannot be known here."""
    key = condition.key.lower()
    if key not in context:
        return None
    known = [each for each in condition.wanted if _variables(each) <= context.keys()]
    wanted = [_filled(each, context) for each in known]
    found = _decided(condition.operator, context[key], wanted)
    if len(known) == len(condition.wanted) or context[key] is None:
        return found
    # A value that is not known here may be the right one: only what the others decide is certain.
    negative = "Not" in _plain_operator(condition.operator)
    return found if found is not None and found is not negative else None


def _plain_operator(operator: str) -> str:
    """The operator without what it adds for several values, which these keys do not have."""
    return operator.removeprefix("ForAllValues:").removeprefix("ForAnyValue:")


def _decided(operator: str, held: str | None, wanted: list[str | None]) -> bool | None:
    if operator.startswith(("ForAllValues:", "ForAnyValue:")):
        if held is None:
            return operator.startswith("ForAllValues:")
        return _decided(_plain_operator(operator), held, wanted)
    if operator == "Null":
        return any(each is not None and (held is None) == (each == "true") for each in wanted)
    if operator.endswith("IfExists"):
        return True if held is None else _decided(operator.removesuffix("IfExists"), held, wanted)
    if "Not" in operator and operator.startswith(("String", "Arn")):
        positive = _decided(operator.replace("Not", "", 1), held, wanted)
        return None if positive is None else not positive
    if held is None:
        return False
    given = [each for each in wanted if each is not None]
    if operator in _PATTERNS:
        return any(_like(each, held, fold=False) for each in given)
    if operator == "StringEquals":
        return held in given
    if operator in ("Bool", "StringEqualsIgnoreCase"):
        return held.lower() in [each.lower() for each in given]
    return None


def _variables(text: str) -> set[str]:
    return {name.lower() for name in _VARIABLE.findall(text)}


def _filled(text: str, context: Mapping[str, str | None]) -> str | None:
    """``text`` with its policy variables; None if one has no value here, so that nothing matches."""
    for name in _VARIABLE.findall(text):
        value = context.get(name.lower())
        if value is None:
            return None
        text = text.replace(f"${{{name}}}", value)
    return text


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _like(pattern: str, value: str, *, fold: bool = True) -> bool:
    """Whether ``value`` matches a pattern with ``*`` and ``?``. Actions ignore case."""
    if fold:
        pattern, value = pattern.lower(), value.lower()
    fitting = _past_stars(pattern, {0})  # positions of the pattern that fit the value so far: no backtracking
    for character in value:
        after = {
            position if pattern[position] == "*" else position + 1
            for position in fitting
            if position < len(pattern) and pattern[position] in ("*", "?", character)
        }
        fitting = _past_stars(pattern, after)
    return len(pattern) in fitting


def _past_stars(pattern: str, positions: set[int]) -> set[int]:
    """``positions``, and those behind each run of ``*`` at them, which may match nothing."""
    found = set(positions)
    for start in positions:
        position = start
        while position < len(pattern) and pattern[position] == "*":
            position += 1
            found.add(position)
    return found
