"""Options that several commands have, each in one spelling: long, short, and the long name of other tools."""

from __future__ import annotations

from functools import wraps
from typing import Any

import click

from vault.cli import exits
from vault.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    F = Callable[..., Any]

# Spellings of the option that takes an MFA code, which must not be repeated (vault/cli/profile_argument).
CODE = ("-t", "--mfa-code", "--mfa-token")
# All options with a value, of the commands that let the user choose a profile: the value is no option.
TAKES_VALUE = (
    *CODE, "-d", "--duration", "-p", "--profile", "--region", "--source", "--service", "--path", "--browser",
    "--policy", "--policy-arn",
)  # fmt: skip

duration = click.option(
    "-d", "--duration", help="Duration of the session: seconds, or 90m, 4h.", metavar="TIME"
)
fresh = click.option("--fresh", is_flag=True, help="Fetch the session from AWS, not from the cache.")
no_session = click.option(
    "-n",
    "--no-session",
    is_flag=True,
    help="Do not get an MFA session: use the access key itself, or assume the role with it.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/reference/json.md).")
mfa_code = click.option(*CODE, "mfa_code", metavar="CODE", help="An MFA code, if no seed is stored.")


def named(argument: str, *, required: bool = False) -> Callable[[F], F]:
    """The argument with this name, and ``-p``/``--profile`` beside it. Errors: Usage if both are given.

    If ``required``, one of them must be given: click.MissingParameter.
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
