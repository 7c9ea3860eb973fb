"""Entry names: which are allowed, and how they are written into AWS's config file and a command line. Pure.

A name is never part of a path. It ends up in ``[profile NAME]`` and in ``credential_process``, which some SDKs give to a
shell. So a name has no character with a meaning there.
"""

from __future__ import annotations

from vault.errors import Usage
from vault.limits import MAX_ENTRY_NAME
from vault.profiles.ini import is_name
from vault.text import safe

# Names are written in double quotes. Not allowed: what a shell expands in them, what ends a section header, cmd.exe's
# variables, and what starts a comment for most parsers of AWS's files.
_SPECIAL = ('"', "\\", "`", "$", "[", "]", "%", " #", " ;")
_HINT = "use letters, digits and - _ . / @ : +"


def check_name(name: str) -> str:
    """``name`` if an entry may have it; Usage says what is wrong with it."""
    if looks_like_key(name):
        raise Usage(
            "the name looks like an access key ID or a secret. It is now in the shell's history and was visible to others",
            hint="give a name only: awsvault-py asks for the key, or reads it with --stdin. Delete the line from the history, "
            "or rotate the key",
        )
    if not name:
        raise Usage("the name is empty", hint=_HINT)
    if len(name) > MAX_ENTRY_NAME:
        raise Usage(f"the name has {len(name)} characters; the limit is {MAX_ENTRY_NAME}", hint=_HINT)
    shown = safe(name, limit=60)
    if safe(name, limit=MAX_ENTRY_NAME) != name:
        raise Usage(f'the name "{shown}" has invisible characters', hint=_HINT)
    if name != name.strip() or name.startswith("-"):
        raise Usage(f'the name "{shown}" starts with -, or starts or ends with a space', hint=_HINT)
    wrong = next((special for special in _SPECIAL if special in name), None)
    if wrong is not None:
        raise Usage(
            f'the name "{shown}" has {wrong.strip()}, which is special to shells or in AWS\'s files',
            hint=_HINT,
        )
    return name


def looks_like_key(text: str) -> bool:
    """Whether the user gave an access key ID or a secret in place of a name."""
    return (len(text) == 20 and text[:4] in ("AKIA", "ASIA") and text.isalnum()) or (
        len(text) == 40
        and text.isascii()
        and all(c.isalnum() or c in "/+=" for c in text)
        and any(c.isupper() for c in text)
        and any(c.islower() for c in text)
        and any(c in "/+=" or c.isdigit() for c in text)
    )


def quoted(word: str) -> str:
    """``word`` as it is written in a credential_process: in double quotes if it needs them. All SDKs read these alike."""
    return word if is_name(word) else f'"{word}"'


def section(profile: str) -> str:
    """The line that starts the profile in AWS's config file."""
    return "[default]" if profile == "default" else f"[profile {quoted(profile)}]"


def profile_block(name: str, *, command: str, region: str, mfa_serial: str | None) -> str:
    """The profile to paste into AWS's config file. ``command`` is how that profile calls awsvault-py."""
    lines = [section(name), f"region = {region}"]
    lines.append(f"credential_process = {quoted(command)} export {quoted(name)}")
    if mfa_serial:
        lines.append(f"mfa_serial = {mfa_serial}")
    return "\n".join(lines)
