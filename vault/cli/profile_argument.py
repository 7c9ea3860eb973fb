"""Completes a command without PROFILE: the user chooses one from a list, and sees the whole command for the next time."""

from __future__ import annotations

import shlex

import click

from vault.cli import exits
from vault.cli.command_context import Invocation
from vault.cli.command_table import ALIASES
from vault.cli.shared_options import CODE, TAKES_VALUE
from vault.cli.terminal import say
from vault.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context


def profile_or_pick(context: Context, given: str | None) -> str:
    """``given``, otherwise the profile that the user chooses.

    Raises Usage if there is no terminal, Declined if none is chosen.
    """
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
    invocation = command.find_object(Invocation)
    words = repeated(invocation.argv if invocation is not None else (str(command.info_name),), name)
    say(f"{exits.PROGRAM}: to repeat this: {shlex.join([exits.PROGRAM, *words])}")
    return name


def repeated(argv: Sequence[str], name: str) -> list[str]:
    """``argv`` with the profile added and the MFA code removed, because AWS accepts a code only once.

    A name that begins with a dash is put after ``--``, or into --profile for exec.
    """
    own, other = list(argv), []
    if "--" in own:
        at = own.index("--")
        own, other = own[:at], own[at:]
    kept: list[str] = []
    while own:
        word = own.pop(0)
        if word.startswith("--"):
            option, given, value = word.partition("=")
            following = not given and option in TAKES_VALUE
        else:
            option, value = _last_short(word)
            following = bool(option) and not value
        taken = [own.pop(0)] if following and own else []
        if option not in CODE:
            kept += [word, *taken]
        elif not option.startswith("--") and len(word) > len(option + value):  # -nt CODE: -n stays
            kept.append(word.removesuffix(option[1:] + value))
    if name.startswith("-"):
        runs = ALIASES.get(kept[0], kept[0]) == "exec" if kept else False
        return [*kept, f"--profile={name}", *other] if runs else [*kept, "--", name]
    return [*kept, name, *other]


def _last_short(word: str) -> tuple[str, str]:
    """The short option at the end of a word such as ``-nt123456``, and its value; empty texts if no option there takes one."""
    if word.startswith("-"):
        for at, letter in enumerate(word[1:], 1):
            if f"-{letter}" in TAKES_VALUE:
                return f"-{letter}", word[at + 1 :]
    return "", ""
