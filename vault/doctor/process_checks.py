"""Checks of every credential_process: whether every tool can run the command, and whether it calls this awsvault-py."""

from __future__ import annotations

import os

from vault import limits
from vault.doctor.findings import Finding, Rewrite
from vault.errors import Usage
from vault.keys.entry_names import check_name
from vault.migrate import own_command
from vault.profiles.command_words import Unbalanced, split
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts
    from vault.doctor.findings import Level
    from vault.profiles.aws_files import Profile, Setting

_QUOTES = "\"'\\"


def _calls(facts: Facts) -> Iterator[tuple[Profile, Setting, tuple[Rewrite, ...]]]:
    """Yield each credential_process, and the edits that make it call this program if it calls another awsvault-py."""
    for profile in facts.profiles():
        setting = profile.own("credential_process")
        if setting is None:
            continue
        fixes: tuple[Rewrite, ...] = ()
        call = own_command.call_in(setting.value)
        if call is not None and _may_be_written(call.profile):
            value = own_command.process_value(facts.words, call.profile, own_command.options(setting.value))
            fixes = tuple(
                Rewrite(kind, tuple(document.set_value(line, value) for line in lines))
                for kind, document in facts.documents()
                if (lines := document.places(profile.name, "credential_process"))
            )
        yield profile, setting, fixes


def _may_be_written(profile: str) -> bool:
    """Whether the name is safe in a command that some SDKs pass to a shell."""
    try:
        check_name(profile)
    except Usage:
        return False
    return True


def process_needs_shell(facts: Facts) -> Iterator[Finding]:
    """A credential_process with ``~``, ``$`` or a pipe. Some tools run it with a shell, some without."""
    for profile, setting, fixes in _calls(facts):
        try:
            words = split(setting.value)
        except Unbalanced:
            message = f"has an unclosed quote ({_word_with(setting.value, _QUOTES)})"
            yield _process(profile, setting, message, otherwise="close the quote")
            continue
        bare = setting.value.replace("\\$", "")
        active = next((c for c in "$`|;&<>" if c in bare), None)
        if words[:1] and words[0].startswith("~"):
            active = "~"
        if active is not None:
            shown = _word_with(setting.value, active)
            message = (
                f"has {active} ({shown}): boto3 and the AWS CLI run it without a shell, other SDKs with one"
            )
            yield _process(
                profile, setting, message, fixes=fixes, otherwise="write an absolute path and plain words"
            )


def _word_with(command: str, characters: str) -> str:
    """The last word with one of the characters. The rest of the command is not shown, because it may contain secrets."""
    found = [word for word in command.split() if any(c in word for c in characters)]
    return safe(found[-1] if found else command, limit=limits.VALUE_SHOWN)


def _process(
    profile: Profile,
    setting: Setting,
    message: str,
    *,
    fixes: tuple[Rewrite, ...] = (),
    otherwise: str = "correct the command",
    level: Level = "error",
) -> Finding:
    """A finding about a credential_process. ``otherwise`` is the hint if --fix cannot correct it."""
    return Finding(
        level=level,
        where=str(setting.origin),
        message=f"profile {safe(profile.name)}: credential_process {message}",
        hint=f"awsvault-py setup {safe(profile.name)}" if fixes else otherwise,
        fixes=fixes,
    )


def process_by_name(facts: Facts) -> Iterator[Finding]:
    """A credential_process without an absolute path."""
    for profile, setting, fixes in _calls(facts):
        word = own_command.program(setting.value)
        if word is None or os.path.isabs(word) or word.startswith(("~", "$")):
            continue
        found = facts.programs.get(word)
        if found is None or not found.runs:
            message = f"calls {safe(word)}, which is not on PATH"
            yield _process(profile, setting, message, fixes=fixes, otherwise="install it")
        else:
            message = f"calls {safe(word)} without its path, but programs started by the desktop have a different PATH"
            path = f"write the full path: {safe(found.path or word)}"
            yield _process(profile, setting, message, fixes=fixes, otherwise=path, level="note")


def process_missing(facts: Facts) -> Iterator[Finding]:
    """The program of a credential_process does not exist or is not executable."""
    for profile, setting, fixes in _calls(facts):
        word = own_command.program(setting.value)
        if word is None:
            if setting.value.strip() == "":
                yield _process(profile, setting, "is empty", otherwise="remove the line")
            continue
        found = facts.programs.get(word)
        if os.path.isabs(word) and found is not None and not found.runs:
            message = f"calls {safe(word)}, which does not exist or is not executable"
            yield _process(profile, setting, message, fixes=fixes)


def process_older(facts: Facts) -> Iterator[Finding]:
    """A credential_process calls another version of awsvault-py."""
    for profile, setting, fixes in _calls(facts):
        word = own_command.program(setting.value)
        found = facts.programs.get(word) if word is not None else None
        if found is not None and found.other_version is not None:
            message = f"calls another copy of awsvault-py, version {safe(found.other_version)}"
            yield _process(profile, setting, message, fixes=fixes, level="warning")
