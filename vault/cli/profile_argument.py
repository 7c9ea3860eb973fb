"""The PROFILE argument: if it is missing, the user chooses one from a list and is told the whole command."""

from __future__ import annotations

import shlex

import click

from vault.cli import exits
from vault.cli.command_context import Invocation
from vault.cli.terminal import say
from vault.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context


def profile_or_pick(context: Context, given: str | None) -> str:
    """``given``, otherwise the profile that the user chooses. Errors: Usage without a terminal, Declined if none is chosen."""
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
    """``argv`` with the profile added, and without the MFA code, which AWS accepts only once.

    A name that begins with a dash goes after ``--``, or into exec's --profile.
    """
    own, other = list(argv), []
    if "--" in own:
        at = own.index("--")
        own, other = own[:at], own[at:]
    kept: list[str] = []
    while own:
        word = own.pop(0)
        if word == "--mfa-code":
            del own[:1]
        elif not word.startswith("--mfa-code="):
            kept.append(word)
    if name.startswith("-"):
        return [*kept, f"--profile={name}", *other] if kept[:1] == ["exec"] else [*kept, "--", name]
    return [*kept, name, *other]
