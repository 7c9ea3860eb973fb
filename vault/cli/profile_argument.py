"""A profile that the command line left out: chosen from a list at a terminal, and the command that repeats it is said."""

from __future__ import annotations

import shlex

import click

from vault.cli import exits
from vault.cli.command_context import Frame
from vault.cli.terminal import say
from vault.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context


def profile_or_pick(context: Context, given: str | None) -> str:
    """``given``, else the profile that the user chooses. Usage if there is no terminal; Declined if they choose none."""
    if given is not None:
        return given
    from vault.inspect import pick

    command = click.get_current_context()
    if not pick.possible(context):
        raise Usage(
            f"{command.info_name} needs a PROFILE, and there is no terminal to choose one on",
            hint=f"run: {exits.PROGRAM} {command.info_name} PROFILE",
        )
    name = pick.pick_profile(context, f"Profile for {command.info_name}")
    frame = command.find_object(Frame)
    words = repeated(frame.argv if frame is not None else (str(command.info_name),), name)
    say(f"{exits.PROGRAM}: the same again: {shlex.join([exits.PROGRAM, *words])}")
    return name


def repeated(argv: Sequence[str], name: str) -> list[str]:
    """``argv`` with the profile where it belongs, and without a code, which is good once.

    A name that begins with a dash comes after ``--``; exec, where that begins the command, has an option for it.
    """
    ours, theirs = list(argv), []
    if "--" in ours:
        at = ours.index("--")
        ours, theirs = ours[:at], ours[at:]
    kept: list[str] = []
    while ours:
        word = ours.pop(0)
        if word == "--mfa-code":
            del ours[:1]
        elif not word.startswith("--mfa-code="):
            kept.append(word)
    if name.startswith("-"):
        return [*kept, f"--profile={name}", *theirs] if kept[:1] == ["exec"] else [*kept, "--", name]
    return [*kept, name, *theirs]
