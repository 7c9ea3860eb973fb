"""`awsvault-py mfa add NAME --yubikey ACCOUNT`: lets a YubiKey's OATH applet give the MFA codes."""

from __future__ import annotations

import os
import shutil

from vault import limits
from vault.cli import change_view
from vault.cli.result import line_printer, report_result
from vault.cli.terminal import say
from vault.credentials.mfa_code import code_of_program
from vault.errors import ConfigError, Declined, NotFound, Usage
from vault.keys.mfa_devices import has_seed
from vault.mfa import yubikey
from vault.migrate import edit_plan, new_profiles, own_command, setup, undo, yubikey_profiles
from vault.store.entry_lookup import find_entry
from vault.system.prompts import NoAnswer
from vault.system.replace_file import hands_off
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.profiles.aws_files import Config
    from vault.store.vault import Opened


def code_command(context: Context, account: str) -> tuple[str, ...]:
    """The command that prints a code of the account. Usage; ConfigError if ykman is missing."""
    program = _program(context)
    try:
        return yubikey.command_of(program, account)
    except ValueError as reason:
        raise Usage(
            f"the account's name {safe(repr(account))} must have {reason}",
            hint="rename it on the YubiKey: ykman oath accounts rename",
        ) from None


def use(
    context: Context,
    opened: Opened,
    name: str,
    account: str,
    words: tuple[str, ...],
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Check the account by a code of its command ``words``, and write the command to the profiles of the key.

    NotFound, ConfigError (ykman gives no code), Declined.
    """
    serial = find_entry(opened.payload, name).mfa_serial
    files = edit_plan.read(context.env, home=context.paths.home)
    entries = opened.payload.entries
    run = setup.Setup(
        files,
        env=context.env,
        words=own_command.program_words(context.env),
        has_entry=entries.__contains__,
        entry_serial=lambda one: entries[one].mfa_serial if one in entries else None,
    )
    roles = new_profiles.roles_of(files, name, env=context.env, entries=set(entries))
    plan = yubikey_profiles.planned(run, [name, *(role for role in roles if role != name)], words)
    if not plan.done:
        raise NotFound(
            f"no profile of {safe(files.config.path)} uses the key {safe(name)}",
            hint=f"write one: {command('setup', name)}; then run the command again",
        )
    code_of_program(context, words, what=f"the YubiKey account {safe(account)}")
    say("The YubiKey gives codes of this account.")
    notes = _what_hinders(opened, name, serial, in_config=_names_device(files.merged, plan.done))
    for note in notes:
        say(f"Note: {note}")
    changes = plan.changes(files)
    if changes:
        _write(context, files, plan, changes, yes=yes, as_json=as_json)
    else:
        say("The profiles already use it.")
    profiles = change_view.profile_fields(changes, known=files.merged.profiles)
    report_result(
        {
            "name": name,
            "account": account,
            "applied": bool(changes),
            "profiles": profiles,
            "warnings": notes,
        },
        as_json=as_json,
    )


def _write(
    context: Context,
    files: edit_plan.Files,
    plan: edit_plan.EditPlan,
    changes: Sequence[undo.Change],
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Show the changes, and make them if the user agrees."""
    change_view.show(changes, line=line_printer(as_json=as_json))
    owner = next((found for change in changes if (found := hands_off(change.path)) is not None), None)
    if owner is not None:
        raise ConfigError(
            f"{safe(files.config.path)} is {owner}, so awsvault-py does not write it",
            hint="add these lines yourself",
        )
    _confirm(context, f"Write this to {safe(files.config.path)}?", yes=yes)
    undo.apply_changes(context, changes, kind=undo.SETUP, opened=None)
    say(f"Wrote {', '.join(map(safe, plan.done))}. To undo: awsvault-py setup --undo")


def _confirm(context: Context, question: str, *, yes: bool) -> None:
    wait = context.new_deadline(limits.ATTENDED_PROMPT_TIME)
    try:
        agreed = yes or context.interaction.confirm(question, deadline=wait, default=True)
    except NoAnswer as reason:
        if reason.reason != "impossible":
            raise
        raise Declined(reason.told(), hint="use --yes to skip the prompt") from None
    if not agreed:
        raise Declined("nothing was written", hint="run the command again, or add these lines yourself")


def _names_device(config: Config, profiles: Sequence[str]) -> bool:
    found = (config.profile(name) for name in profiles)
    return any(profile is not None and profile.get("mfa_serial") for profile in found)


def _what_hinders(opened: Opened, name: str, serial: str | None, *, in_config: bool) -> list[str]:
    """Why exports would not take the YubiKey's codes, although the profiles have its command."""
    notes = []
    if serial is None and not in_config:
        notes.append(
            "neither the key nor its profiles name an MFA device, so no code is needed. "
            f"To name it, run: {command('mfa add', name)}, and leave the seed empty"
        )
    if serial is not None and has_seed(opened.payload, serial):
        again = "" if in_config else f", then {command('mfa add', name)}, and leave the seed empty"
        notes.append(
            f"the vault has a seed of {safe(serial)}, which is used first. "
            f"To take the codes from the YubiKey, run: {command('mfa remove', serial)}{again}"
        )
    return notes


def _program(context: Context) -> str:
    """The path of ykman, which stays the same wherever a command runs. ConfigError."""
    places = context.env.get("PATH", os.defpath).split(os.pathsep)
    program = shutil.which(yubikey.PROGRAM, path=os.pathsep.join(filter(os.path.isabs, places)))
    if program is None:
        raise ConfigError(
            "ykman is not installed", hint="install yubikey-manager, then run the command again"
        )
    if not yubikey.is_writable(program):
        raise ConfigError(
            f"ykman is installed at {safe(program)}, which AWS's files cannot have",
            hint="create a link to it at a path without special characters, in a folder that PATH names first",
        )
    return program
