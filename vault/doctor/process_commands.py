"""Checks of every credential_process: whether the command runs everywhere, and whether it is this program it calls."""

from __future__ import annotations

import os

from vault import limits
from vault.doctor.findings import Finding, Rewrite
from vault.doctor.profiles import documents, each
from vault.errors import Usage
from vault.keys.entry_names import check_name
from vault.migrate import own_command
from vault.profiles.command_words import Unbalanced, split
from vault.text import safe

QUOTES = "\"'\\"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts
    from vault.doctor.findings import Level
    from vault.profiles.aws_files import Profile, Setting


def _calls(s: Facts) -> Iterator[tuple[Profile, Setting, tuple[Rewrite, ...]]]:
    """Each credential_process, and the edits that make it call this program, where it is a call of ours."""
    for profile in each(s):
        setting = profile.own("credential_process")
        if setting is None:
            continue
        mends: tuple[Rewrite, ...] = ()
        called = own_command.call_in(setting.value)
        if called is not None and _may_be_written(called.profile):
            value = own_command.process_value(s.words, called.profile, own_command.options(setting.value))
            mends = tuple(
                Rewrite(kind, tuple(document.set_value(line, value) for line in lines))
                for kind, document in documents(s)
                if (lines := document.places(profile.name, "credential_process"))
            )
        yield profile, setting, mends


def _may_be_written(profile: str) -> bool:
    """Whether the name means itself in a command, which some SDKs hand to a shell."""
    try:
        check_name(profile)
    except Usage:
        return False
    return True


def process_needs_shell(s: Facts) -> Iterator[Finding]:
    """A credential_process with ``~``, ``$`` or a pipe: some tools run it by a shell, some do not."""
    for profile, setting, mends in _calls(s):
        try:
            words = split(setting.value)
        except Unbalanced:
            message = f"has a quote that does not close ({_word_with(setting.value, QUOTES)})"
            yield _process(profile, setting, message, otherwise="close the quote")
            continue
        bare = setting.value.replace("\\$", "")
        active = next((c for c in "$`|;&<>" if c in bare), None)
        if words[:1] and words[0].startswith("~"):
            active = "~"
        if active is not None:
            shown = _word_with(setting.value, active)
            message = f"holds {active} ({shown}), which boto3 and the AWS CLI do not run by a shell, and other SDKs do"
            yield _process(
                profile, setting, message, mends=mends, otherwise="write an absolute path and plain words"
            )


def _word_with(command: str, characters: str) -> str:
    """The last word with one of the characters: what is complained of, and no more of a command that may hold secrets."""
    found = [word for word in command.split() if any(c in word for c in characters)]
    return safe(found[-1] if found else command, limit=limits.VALUE_SHOWN)


def _process(
    profile: Profile,
    setting: Setting,
    message: str,
    *,
    mends: tuple[Rewrite, ...] = (),
    otherwise: str = "correct the command",
    level: Level = "error",
) -> Finding:
    return Finding(
        level=level,
        where=str(setting.origin),
        message=f"profile {safe(profile.name)}: credential_process {message}",
        fix=f"awsvault-py setup {safe(profile.name)}" if mends else otherwise,
        mends=mends,
    )


def process_by_name(s: Facts) -> Iterator[Finding]:
    """A credential_process without an absolute path: a program started from the desktop has another PATH."""
    for profile, setting, mends in _calls(s):
        word = own_command.program(setting.value)
        if word is None or os.path.isabs(word) or word.startswith(("~", "$")):
            continue
        found = s.programs.get(word)
        if found is None or not found.runs:
            message = f"names {safe(word)}, which is not on the PATH"
            yield _process(profile, setting, message, mends=mends, otherwise="install it")
        else:
            message = f"names {safe(word)} without its path, and a desktop's programs have another PATH"
            path = f"write its whole path: {safe(found.path or word)}"
            yield _process(profile, setting, message, mends=mends, otherwise=path, level="note")


def process_missing(s: Facts) -> Iterator[Finding]:
    """A credential_process whose program is not there, or not executable."""
    for profile, setting, mends in _calls(s):
        word = own_command.program(setting.value)
        if word is None:
            if setting.value.strip() == "":
                yield _process(profile, setting, "is empty", otherwise="remove the line")
            continue
        found = s.programs.get(word)
        if os.path.isabs(word) and found is not None and not found.runs:
            yield _process(profile, setting, f"names {safe(word)}, which is no program", mends=mends)


def process_older(s: Facts) -> Iterator[Finding]:
    """A credential_process that calls another copy of awsvault-py, of another version."""
    for profile, setting, mends in _calls(s):
        word = own_command.program(setting.value)
        found = s.programs.get(word) if word is not None else None
        if found is not None and found.other_version is not None:
            message = f"calls another copy of awsvault-py, of version {safe(found.other_version)}"
            yield _process(profile, setting, message, mends=mends, level="warning")
