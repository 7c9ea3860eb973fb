"""Runs the usual forms of list, status, explain, whoami, log and --help without click, whose import takes longer than their work.

Anything else, such as an option with a value, is left to click (vault/cli/everyday), which also reports what is wrong.
"""

from __future__ import annotations

import sys

from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class UsualForm(NamedTuple):
    """The flags that a command is given here, each with its name in ``show``, and whether it is given a PROFILE."""

    flags: dict[str, str]
    profile: bool = False


FORMS = {
    "list": UsualForm({"--json": "as_json", "--profiles": "only_profiles"}),
    "status": UsualForm({"--json": "as_json"}),
    "explain": UsualForm({"--json": "as_json"}, profile=True),
    "whoami": UsualForm({"--json": "as_json"}, profile=True),
    "log": UsualForm({"--json": "as_json", "--verify": "verify"}),
}
_ALIASES = {"ls": "list"}
_HELP: tuple[list[str], ...] = ([], ["-h"], ["--help"], ["help"])


def run(argv: Sequence[str]) -> int | None:
    """Run the command line and return its exit code. Returns None for any other command line."""
    words = [_ALIASES.get(word, word) for word in argv[:1]] + list(argv[1:])
    given = given_to(words)
    if given is None and words not in _HELP:
        return None
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # A name that the locale cannot encode must not fail.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _help() if given is None else _show(words[0], given)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # top level: each error becomes an exit code
        from vault.cli import main

        return main.failed(error, argv, debug=False)
    return code


def given_to(words: Sequence[str]) -> dict[str, Any] | None:
    """What ``show`` of the command is given, by name. None if click has to read ``words``."""
    form = FORMS.get(words[0]) if words else None
    if form is None:
        return None
    given: dict[str, Any] = dict.fromkeys(form.flags.values(), False)
    for word in words[1:]:
        if word in form.flags:
            given[form.flags[word]] = True
        elif form.profile and word and not word.startswith("-") and "profile" not in given:
            given["profile"] = word
        else:
            return None
    return given if "profile" in given or not form.profile else None


def _help() -> int:
    from vault.cli import program_help
    from vault.cli.terminal import emit

    emit(program_help.text())
    return 0


def _show(command: str, given: dict[str, Any]) -> int:
    from vault.context import from_process

    context = from_process(attended=True)
    _ = context.settings  # report an error in config.toml before doing anything
    match command:
        case "list":
            from vault.cli.list import show as show_list

            show_list(context, used=False, **given)
        case "status":
            from vault.cli.status import show as show_status

            return show_status(context, policy=None, **given)
        case "explain":
            from vault.cli.explain import show as show_explained

            return show_explained(context, **given)
        case "whoami":
            from vault.cli.whoami import show as show_identity

            show_identity(context, **given)
        case _:
            from vault.cli.log import show as show_log

            show_log(context, profile=None, since=None, most=None, trail=None, **given)
    return 0
