"""The command line: finds the command, runs it, and turns errors into exit codes.

A command is imported only when it runs (vault/cli/command_table.py).
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module

import click

from vault.cli import exits, program_help
from vault.cli.command_context import Invocation
from vault.cli.command_table import ALIAS_OPTIONS, ALIASES, COMMANDS
from vault.errors import Declined, Error, StorageError, Usage
from vault.system.tty import NoAnswer
from vault.text import command as command_line
from vault.text import nearest, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# Errors of stdout: the disk is full, a file is at its size limit, the caller closed the descriptor.
_NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EBADF)
_VERSION = "version"


def _debug_given(command: click.Context, _parameter: click.Parameter, given: bool) -> None:
    if given:
        command.ensure_object(Invocation).debug = True


def _debug_option() -> click.Option:
    return click.Option(
        ["--debug"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_debug_given,
        help="If the command fails, show where in the code, without values.",
    )


def _version(command: click.Context, _parameter: click.Parameter, given: bool) -> None:
    if given:
        _say_version()
        command.exit(0)


def _say_version(*, as_json: bool = False) -> None:
    from vault import __version__
    from vault.cli.terminal import emit_json
    from vault.system.front import native

    if as_json:
        emit_json({"version": __version__})
    else:  # the version is the last word: doctor of another copy reads it (vault/doctor/gather.py)
        front = "(native front) " if native() else ""
        click.echo(f"{exits.PROGRAM} {front}{__version__}")


def _version_command() -> click.Command:
    from vault.cli import shared_options

    return click.command(_VERSION, help="Show the version.")(shared_options.as_json(_say_version))


def _with_debug(command: click.Command) -> click.Command:
    """Add --debug to ``command`` and its subcommands, so that a user can append it to any command line."""
    if not any("--debug" in p.opts for p in command.params):
        command.params.append(_debug_option())
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _with_debug(below)
    return command


class Commands(click.Group):
    """The group of all commands. Each one is loaded from the table when it is needed."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == _VERSION:
            return _version_command()
        row = COMMANDS.get(ALIASES.get(cmd_name, cmd_name))
        if row is None:
            return None
        module, _, attribute = row.target.partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, click.Command):
            raise TypeError(row.target)
        return _with_debug(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        found = self.get_command(ctx, args[0])
        if found is not None:
            return ALIASES.get(args[0], args[0]), found, [*ALIAS_OPTIONS.get(args[0], ()), *args[1:]]
        raise _no_command(args[0])

    def format_help(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the program's help, which vault/cli/without_click prints too."""
        formatter.write(f"{program_help.text()}\n")


def _no_command(word: str) -> Usage:
    """The error for an unknown command: with what does the same here, otherwise with the most similar command."""
    from vault.cli.foreign_commands import INSTEAD

    said = f'there is no command "{hide_keys(word)}"'
    if word in INSTEAD:
        return Usage(said, hint=INSTEAD[word])
    if _is_profile(word):
        return Usage(
            f'"{safe(word)}" is a profile, not a command',
            hint=f"to run a command with its credentials: {command_line('exec', word)} -- CMD",
        )
    near = nearest(word, [*COMMANDS, *ALIASES, _VERSION])
    return Usage(f'{said}; did you mean "{near}"?' if near else said)


def _no_subcommand(error: click.UsageError) -> Usage | None:
    """The error for an unknown subcommand of a group, in the words of ``_no_command``; None if ``error`` is another one."""
    from vault.cli.foreign_commands import INSTEAD

    word, here = getattr(error, "command_name", None), error.ctx  # click 8.4 and newer
    if not isinstance(word, str) or here is None or not isinstance(here.command, click.Group):
        return None
    said = f'{here.command_path} has no subcommand "{hide_keys(word)}"'
    if (known := INSTEAD.get(f"{here.info_name} {word}")) is not None:
        return Usage(said, hint=known)
    near = nearest(word, list(here.command.commands))
    return Usage(f'{said}; did you mean "{near}"?' if near else said, hint=f"run: {here.command_path} --help")


def _is_profile(word: str) -> bool:
    from vault.profiles import aws_files
    from vault.system.paths import user_home

    try:
        return word in aws_files.load(os.environ, home=user_home(os.environ)).profiles
    except Error:  # a broken file has nothing to do with the mistake
        return False


def build() -> Commands:
    """Create the group for one run. Nothing is kept between runs."""
    return Commands(
        "awsvault-py",
        help=program_help.WHAT,
        invoke_without_command=True,
        callback=_bare,
        params=[
            _debug_option(),
            click.Option(
                ["-V", "-v", "--version"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_version,
                help="Show the version and exit.",
            ),
        ],
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


@click.pass_context
def _bare(command: click.Context) -> None:
    if command.invoked_subcommand is None:
        click.echo(command.get_help())


def run(argv: Sequence[str]) -> int:
    """Run one command line (without the program's name) and return its exit code. Prints errors and raises none."""
    invocation = Invocation(argv)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            # A name that the locale cannot encode must not fail.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _invoke(list(argv), invocation)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # top level: each error becomes an exit code
        return failed(error, argv, debug=invocation.debug)
    edited = invocation.edited
    if edited is not None:
        from vault.cli import after_edit

        after_edit.sync(edited)
    return code


def failed(error: BaseException, argv: Sequence[str], *, debug: bool) -> int:
    """Report what ended the command line ``argv``, and return its exit code."""
    captured = _command_of(argv) == "export"
    known = _with_help(_translated(error, argv), argv)
    return exits.report(known, captured=captured, debug=debug)


def _command_of(argv: Sequence[str]) -> str:
    """The command of a command line, or "". No option before the command takes a value."""
    word = next((word for word in argv if not word.startswith("-")), "")
    return ALIASES.get(word, word)


def _invoke(argv: list[str], invocation: Invocation) -> int:
    """Run the command line. Replaces click's main(), which prints on Ctrl-C and reads completion variables."""
    group = build()
    try:
        with group.make_context(exits.PROGRAM, argv, obj=invocation) as command:
            result: Any = group.invoke(command)
    except click.exceptions.Exit as left:
        return left.exit_code
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def _with_help(error: BaseException, argv: Sequence[str]) -> BaseException:
    """``error``; a usage error without a hint of its own gets one that names the command's help."""
    named = bool(argv) and argv[0] in COMMANDS and argv[0] != "help"  # help prints another command's help
    if isinstance(error, Usage) and error.hint == Usage.hint and named:
        error.hint = f"run: {exits.PROGRAM} {argv[0]} --help"
    return error


def _translated(error: BaseException, argv: Sequence[str]) -> BaseException:
    """Translate click's errors into errors of this program. Returns all others unchanged."""
    match error:
        case click.exceptions.NoSuchOption() if (after := _option_of(error, argv)) is not None:
            option = error.option_name
            return _keep(
                Usage(f"{option} is before the command", hint=f"put it after the command: {after} {option}"),
                error,
            )
        case click.exceptions.NoArgsIsHelpError() if isinstance(error.ctx.command, click.Group):
            where, below = error.ctx.command_path, ", ".join(error.ctx.command.commands)
            return _keep(Usage(f"{where} needs a subcommand: {below}", hint=f"run: {where} --help"), error)
        case click.UsageError() if (unknown := _no_subcommand(error)) is not None:
            return _keep(unknown, error)
        case click.UsageError():
            where = error.ctx.command_path if error.ctx is not None else exits.PROGRAM
            return _keep(Usage(_told(error), hint=f"run: {where} --help"), error)
        case OSError() if error.errno in _NOT_WRITTEN:
            # Errors from files are translated where the files are opened, so this one is from stdout.
            said = f"cannot write to standard output: {os.strerror(error.errno or 0)}"
            return _keep(StorageError(said), error)
        case NoAnswer():  # Ctrl-D, or a prompt that nobody answered
            return _keep(Declined(error.told()), error)
        case _:
            return error


def _told(error: click.UsageError) -> str:
    """The message of click's error in the form of this program's: it begins with a small letter, and keys are hidden."""
    text = hide_keys(" ".join(error.format_message().split())).rstrip(".")
    if text.startswith("Invalid value for '{"):  # an argument of which click knows the choices and no name
        text = text.partition("}': ")[2]
    for before in (". Did you mean ", " Did you mean "):
        text = text.replace(before, "; did you mean ")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _option_of(error: click.exceptions.NoSuchOption, argv: Sequence[str]) -> str | None:
    """The command of ``argv`` that has the option, if it was given to the group of the command."""
    group = error.ctx.command if error.ctx is not None else None
    if error.ctx is None or not isinstance(group, click.Group):
        return None
    for word in argv:
        found = group.get_command(error.ctx, word)
        if found is not None:
            known = any(error.option_name in parameter.opts for parameter in found.params)
            return f"{error.ctx.command_path} {word}" if known else None
    return None


def _keep(error: Error, cause: BaseException) -> Error:
    error.__traceback__ = cause.__traceback__
    return error


def hide_keys(text: str) -> str:
    """``text`` with everything that looks like an access key or a secret replaced, because a usage error must not show one."""
    import re  # 4 ms, and only a usage error needs it

    # An extra argument is most likely a secret that belongs at a prompt: a key, a seed, a passphrase.
    text = re.sub(r"(unexpected extra arguments?) \(.*\)", r"\1", text, flags=re.DOTALL)
    text = re.sub(r"(?:AKIA|ASIA)[A-Z0-9]{8,}", "[access key]", text)
    return re.sub(r"(?<![A-Za-z0-9/+_.-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_.-])", "[secret]", text)
