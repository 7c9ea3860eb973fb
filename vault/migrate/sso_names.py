"""The names of generated profiles: a template, and account names made into what every SDK and shell reads. Pure.

Account names come from AWS, where their owners choose them, and need not be unique. Two roles never share a name here.
"""

from __future__ import annotations

import re
import unicodedata

from vault import errors, limits
from vault.keys import entry_names
from vault.profiles.ini import is_name
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.aws.sso_lists import SsoAccount

DEFAULT = "{account}/{role}"
_FIELDS = ("session", "account", "account_id", "role")
_FIELD = re.compile(r"\{([^{}]*)\}")
_OTHERS = re.compile(r"[^A-Za-z0-9_.@+-]+")
_OTHER = "choose another template: --name '{account_id}/{role}'"
_HINT = "a template is like {account}/{role}; the fields are {session}, {account}, {account_id} and {role}"


class AssignedRole(NamedTuple):
    """A role of an account."""

    account: SsoAccount
    role: str

    @property
    def key(self) -> tuple[str, str]:
        """The account ID and the role's name."""
        return self.account.account_id, self.role

    def __str__(self) -> str:
        """For messages, escaped."""
        name = f" ({safe(self.account.name, limit=60)})" if self.account.name else ""
        return f"role {safe(self.role)} in account {self.account.account_id}{name}"


class NameTemplate:
    """A checked template."""

    __slots__ = ("_session", "_text")

    def __init__(self, text: str, *, session: str) -> None:
        """Raises Usage if ``text`` is no template. ``session`` is the name of the sign-in."""
        unknown = [field for field in _FIELD.findall(text) if field not in _FIELDS]
        rest = _FIELD.sub("", text)
        if unknown:
            raise errors.Usage(f"--name: there is no field {{{safe(unknown[0], limit=40)}}}", hint=_HINT)
        if rest and (not is_name(rest) or "%" in rest):
            raise errors.Usage(
                f"--name {safe(text, limit=120)!r}: a name has letters, digits and - _ . / @ : + only",
                hint=_HINT,
            )
        if not text or text.startswith("-"):
            raise errors.Usage("--name: the template is empty or starts with -", hint=_HINT)
        self._text = text
        self._session = session

    @property
    def is_fixed(self) -> bool:
        """Whether it has no field, so that AWS has no say in the name."""
        return not _FIELD.search(self._text)

    def name(self, role: AssignedRole) -> str:
        """The profile's name. Raises ConfigError if it cannot be one."""
        account_id = role.account.account_id
        values = {
            "session": cleaned(self._session) or "sso",
            "account": cleaned(role.account.name) or account_id,
            "account_id": account_id,
            "role": cleaned(role.role) or "role",
        }
        found = _FIELD.sub(lambda field: values[field[1]], self._text)
        if len(found) > limits.MAX_ENTRY_NAME or entry_names.looks_like_key(found):
            raise errors.ConfigError(
                f"{role} would have the name {found}, which is too long or looks like a key", hint=_OTHER
            )
        if found.lower() == "default" and not self.is_fixed:
            raise errors.ConfigError(
                f"{role} would be the profile {found}, which tools use if no profile is named",
                hint=_OTHER,
            )
        return found


def cleaned(text: str) -> str:
    """``text`` with - for everything that a name in AWS's files or a shell cannot have; accents are dropped."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return _OTHERS.sub("-", plain).strip("-.")[: limits.MAX_SSO_FIELD].rstrip("-.")


def named(roles: Iterable[AssignedRole], template: NameTemplate) -> dict[str, AssignedRole]:
    """Each role by its profile's name, in the order of the names.

    Raises ConfigError for names that are equal, or differ in case only: some tools, and people, do not tell those apart.
    """
    found: dict[str, AssignedRole] = {}
    folded: dict[str, str] = {}
    for role in roles:
        name = template.name(role)
        other = folded.setdefault(name.lower(), name)
        if other in found:
            same = (
                f"the name {name}"
                if other == name
                else f"the names {other} and {name}, which differ in case only"
            )
            raise errors.ConfigError(
                f"two roles would have {same}: {found[other]}, and {role}",
                hint=_to_tell_apart(found[other], role),
            )
        found[name] = role
    return dict(sorted(found.items()))


def _to_tell_apart(one: AssignedRole, other: AssignedRole) -> str:
    """What gives two roles two names: a field, unless no field tells them apart."""
    alike = cleaned(one.role).lower() == cleaned(other.role).lower()
    if alike and one.account.account_id == other.account.account_id:
        return "write the profile of each one in a run of its own, with --role and a --name without {role}"
    return "add a field to the names: --name '{account}-{account_id}/{role}'"
