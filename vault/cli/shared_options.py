"""Options that several commands share, with the same spellings everywhere: long, short, and other tools' long names."""

from __future__ import annotations

from functools import wraps

import click

from vault.cli import exits
from vault.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    F = Callable[..., Any]

# Spellings of the option for an MFA code, which vault/cli/profile_argument leaves out when it repeats a command line.
CODE = ("-t", "--mfa-code", "--mfa-token")
# Options that take a value, of all commands that let the user choose a profile. The next word is the value, not an option.
TAKES_VALUE = (
    *CODE, "-d", "--duration", "-p", "--profile", "--region", "--source", "--service", "--path", "--browser",
    "--policy", "--policy-arn",
)  # fmt: skip

duration = click.option(
    "-d", "--duration", help="Duration of the session: seconds, or 90m, 4h.", metavar="TIME"
)
fresh = click.option("--fresh", is_flag=True, help="Fetch a new session from AWS instead of using the cache.")
no_session = click.option(
    "-n",
    "--no-session",
    is_flag=True,
    help="Do not get an MFA session: use the access key itself, or assume the role with it.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/reference/json.md).")
mfa_code = click.option(*CODE, "mfa_code", metavar="CODE", help="An MFA code, if no seed is stored.")

source = click.option(
    "--source",
    metavar="PROFILE",
    help="With the ARN of a role instead of PROFILE: the profile whose credentials assume the role.",
)


def machine_name(text: str) -> Callable[[F], F]:
    """``--name``, with ``text`` as its help."""
    return click.option("--name", "machine_name", metavar="NAME", help=text)


def region(text: str) -> Callable[[F], F]:
    """``--region``, with ``text`` as its help."""
    return click.option("--region", metavar="REGION", help=text)


def named(argument: str, *, required: bool = False) -> Callable[[F], F]:
    """Add the argument with this name to a command, and the option ``-p``/``--profile``, which means the same.

    Raises Usage if both are given, and click.MissingParameter if ``required`` and neither is given.
    """

    def decorated(command: F) -> F:
        @wraps(command)
        def run(*args: Any, named: str | None, **given: Any) -> Any:
            if named is not None:
                given[argument] = _once(given[argument], named, argument)
            elif required and given[argument] is None:
                here = click.get_current_context()
                raise click.MissingParameter(
                    ctx=here, param=next(p for p in here.command.params if p.name == argument)
                )
            return command(*args, **given)

        option = click.option(
            "-p",
            "--profile",
            "named",
            metavar=argument.upper(),
            help="The same as the argument.",
        )
        shown = argument.upper() if required else f"[{argument.upper()}]"
        return click.argument(argument, required=False, metavar=shown)(option(run))

    return decorated


def _once(given: str | None, named: str, argument: str) -> str:
    if given is not None:
        here, what = click.get_current_context().command_path, argument.upper()
        hint = f"write: {here} --profile {what}" + (" -- CMD" if here == f"{exits.PROGRAM} exec" else "")
        raise Usage(f"{what} was given twice", hint=hint)
    return named
