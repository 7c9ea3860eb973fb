"""Writes credentials in the formats of ``export --format``. Pure: JSON fields in, text out.

All values are quoted as the format needs. They come from AWS or the vault, but an endpoint may not be AWS's own
(docs/security.md, hostile answers).
"""

from __future__ import annotations

from vault import errors
from vault.profiles.credential_variables import TOKEN_VARIABLES
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FORMATS = ("process", "json", "env", "export-env", "dotenv", "ini", "fish", "powershell")


class Variables(NamedTuple):
    """The variables to set, and the variables to unset because they may still have an older value."""

    values: dict[str, str]
    absent: tuple[str, ...]


def variables(answer: dict[str, str], *, region: str | None) -> Variables:
    """AWS's environment variables for an answer, in the order of AWS's documentation."""
    found = {
        "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
        **dict.fromkeys(TOKEN_VARIABLES, answer.get("SessionToken", "")),
        "AWS_CREDENTIAL_EXPIRATION": answer.get("Expiration", ""),
        "AWS_REGION": region or "",
        "AWS_DEFAULT_REGION": region or "",
    }
    # A token or expiry left over from other credentials would make every call fail. The region is the user's choice.
    absent = tuple(n for n in (*TOKEN_VARIABLES, "AWS_CREDENTIAL_EXPIRATION") if not found[n])
    return Variables({name: value for name, value in found.items() if value}, absent)


def render(form: str, answer: dict[str, str], *, profile: str, region: str | None) -> str:
    """The credentials in one of FORMATS, except process and json, which need no rendering. Raises Usage."""
    return _WRITERS[form](variables(answer, region=region), answer, profile)


def _single(value: str) -> str:
    """``value`` in single quotes for a POSIX shell. Only a single quote inside needs escaping."""
    return "'" + value.replace("'", "'\\''") + "'"


def _env(found: Variables, _answer: dict[str, str], _profile: str) -> str:
    lines = [f"export {name}={_single(value)}" for name, value in found.values.items()]
    return "\n".join(lines + [f"unset {name}" for name in found.absent]) + "\n"


def _fish(found: Variables, _answer: dict[str, str], _profile: str) -> str:
    def quoted(value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    lines = [f"set -gx {name} {quoted(value)}" for name, value in found.values.items()]
    return "\n".join(lines + [f"set -e {name}" for name in found.absent]) + "\n"


def _powershell(found: Variables, _answer: dict[str, str], _profile: str) -> str:
    lines = [f"$Env:{name} = '" + value.replace("'", "''") + "'" for name, value in found.values.items()]
    removed = [f"Remove-Item Env:{name} -ErrorAction SilentlyContinue" for name in found.absent]
    return "\n".join(lines + removed) + "\n"


def _dotenv(found: Variables, _answer: dict[str, str], _profile: str) -> str:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'

    return "".join(f"{name}={quoted(value)}\n" for name, value in found.values.items())


def _ini(_found: Variables, answer: dict[str, str], profile: str) -> str:
    if any(c in profile for c in "[]\r\n") or not profile.isprintable():
        raise errors.Usage(
            f'profile "{safe(profile)}": an INI file cannot have a section with this name',
            hint="choose another --format",
        )
    rows = {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer.get("SessionToken", ""),
    }
    return f"[{profile}]\n" + "".join(f"{name} = {value}\n" for name, value in rows.items() if value)


_WRITERS: dict[str, Callable[[Variables, dict[str, str], str], str]] = {
    "env": _env,
    "export-env": _env,  # aws-vault's name of this format
    "dotenv": _dotenv,
    "ini": _ini,
    "fish": _fish,
    "powershell": _powershell,
}
