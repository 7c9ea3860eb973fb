"""Names of entries: what may be one, and how it is written into AWS's file and a command line. Pure.

A name is never part of a path. It ends up in ``[profile NAME]`` and in ``credential_process``, which some SDKs hand to
a shell, so what means something there is no part of a name.
"""

from __future__ import annotations

from vault.errors import Usage
from vault.limits import MAX_ENTRY_NAME
from vault.profiles.ini import is_name
from vault.text import safe

# Within the double quotes that a name is written in: what a shell expands, what ends a section's header, cmd.exe's
# variables; and what begins a comment for most parsers of AWS's files.
_ACTIVE = ('"', "\\", "`", "$", "[", "]", "%", " #", " ;")


def check_name(name: str) -> str:
    """``name`` if an entry may be called so; Usage names what is wrong with it."""
    shown = safe(name, limit=60)
    hint = "use letters, digits and - _ . / @ : +"
    if looks_like_key(name):
        raise Usage(
            "the name given is an access key or its secret: it is now in the shell's history, and was visible to others",
            hint="give a name; the key is asked for, or read by --stdin. Remove it from the history, or rotate the key",
        )
    if not name:
        raise Usage("the name is empty", hint=hint)
    if len(name) > MAX_ENTRY_NAME:
        raise Usage(f"the name has {len(name)} characters, at most {MAX_ENTRY_NAME} are kept", hint=hint)
    if safe(name, limit=MAX_ENTRY_NAME) != name:
        raise Usage(f'the name "{shown}" holds characters that cannot be seen', hint=hint)
    if name != name.strip() or name.startswith("-"):
        raise Usage(f'the name "{shown}" begins with - or has a blank at an end', hint=hint)
    wrong = next((active for active in _ACTIVE if active in name), None)
    if wrong is not None:
        raise Usage(
            f'the name "{shown}" holds {wrong.strip()}, which a shell or AWS\'s files read otherwise',
            hint=hint,
        )
    return name


def looks_like_key(text: str) -> bool:
    """Whether somebody gave an access key id or a secret where a name belongs."""
    return (len(text) == 20 and text[:4] in ("AKIA", "ASIA") and text.isalnum()) or (
        len(text) == 40
        and text.isascii()
        and all(c.isalnum() or c in "/+=" for c in text)
        and any(c.isupper() for c in text)
        and any(c.islower() for c in text)
        and any(c in "/+=" or c.isdigit() for c in text)
    )


def quoted(word: str) -> str:
    """``word`` as it stands in a credential_process: in double quotes, which all SDKs read alike, where it needs any."""
    return word if is_name(word) else f'"{word}"'


def section(profile: str) -> str:
    """The line that opens the profile in AWS's config file."""
    return "[default]" if profile == "default" else f"[profile {quoted(profile)}]"


def profile_block(name: str, *, command: str, region: str, mfa_serial: str | None) -> str:
    """The profile to paste into AWS's config file. ``command`` is how our program is called there."""
    lines = [section(name), f"region = {region}"]
    lines.append(f"credential_process = {quoted(command)} export {quoted(name)}")
    if mfa_serial:
        lines.append(f"mfa_serial = {mfa_serial}")
    return "\n".join(lines)
