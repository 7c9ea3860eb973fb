"""Ends `add` and `import` at a terminal: asks for roles, offers to write the profiles, and says what to run next."""

from __future__ import annotations

import shlex

from vault import limits
from vault.cli.change_view import show
from vault.cli.terminal import emit, is_terminal, say
from vault.errors import Declined
from vault.keys import service_endpoints
from vault.keys.key_prompts import KeyPrompts, ask_until_valid
from vault.migrate import edit_plan, new_profiles, own_command, undo
from vault.migrate.new_profiles import NewProfiles, NewRole
from vault.profiles import endpoints
from vault.profiles.source_lookup import own_export
from vault.system.replace_file import hands_off
from vault.system.tty import NoAnswer
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from vault.context import Context
    from vault.migrate.edit_plan import Files
    from vault.migrate.import_plan import ImportedKey

_FIRST = "ARN of a role that this key assumes (Enter for none)"
_FURTHER = "ARN of another role (Enter for no more)"


def possible(context: Context) -> bool:
    """Whether to offer profiles: only if stdout is a terminal, and prompts are answered there."""
    return is_terminal() and context.interaction.ways()[:1] == ["tty"]


def offer(context: Context, name: str, serial: str | None, *, entries: Collection[str]) -> list[str]:
    """Ask for the roles of the key ``name``, and write its profiles if the user agrees. Returns the names of the role profiles.

    ``entries`` are the names in the vault. If the user cancels the prompts, the key stays stored, and a message says so.
    """
    roles, usable = _offered(context, name, serial, entries)
    if usable:
        tell_next(roles or [name])
    return roles


def _offered(
    context: Context, name: str, serial: str | None, entries: Collection[str], further: Sequence[str] = ()
) -> tuple[list[str], bool]:
    """As ``offer``, without the command to run next. Also whether the key has a profile now.

    ``further`` are the keys that would be asked about next.
    """
    try:
        new = _asked(context, name, serial, entries)
        usable = _write(context, new, entries)
    except (KeyboardInterrupt, NoAnswer) as ended:
        say(
            f"\n{safe(name)} is stored in the vault. No profile was written. To write one: {command('setup', name)}"
        )
        say(f"To be asked for its roles again: {command('add --replace', name)}")
        for later in further:
            say(f"{safe(later)} is stored too. To write its profile: {command('setup', later)}")
        if isinstance(ended, NoAnswer):
            raise Declined(ended.told(), hint=f"run: {command('setup', name)}") from None
        raise
    return [role.profile for role in new.roles], usable


def end_of_import(context: Context, imported: Sequence[ImportedKey], known: Collection[str]) -> None:
    """End an import at a terminal: ask for the roles of each key that has none yet, then print the command to run next."""
    if not imported or not possible(context):
        return
    entries = {*known, *(moved.entry for moved in imported)}
    files = edit_plan.read(context.env, home=context.paths.home)
    roles = {
        moved.entry: new_profiles.roles_of(files, moved.entry, env=context.env, entries=entries)
        for moved in imported
    }
    profiles = [name for found in roles.values() for name in found]
    keys: list[str] = []
    without = [moved for moved in imported if not roles[moved.entry]]
    for at, moved in enumerate(without):
        further = [later.entry for later in without[at + 1 :]]
        found, usable = _offered(context, moved.entry, moved.key.mfa_serial, entries, further)
        profiles += found if usable else []
        keys += [moved.entry] if usable else []
    profiles += keys
    if profiles:
        tell_next(profiles)


def tell_next(profiles: Sequence[str]) -> None:
    """Print a command to run next, with the first of these profiles."""
    say("To try it:")
    emit(f"  aws sts get-caller-identity --profile {shlex.quote(profiles[0])}")


def _asked(context: Context, name: str, serial: str | None, entries: Collection[str]) -> NewProfiles:
    """Ask for the roles, and for the region if none is set."""
    files = edit_plan.read(context.env, home=context.paths.home)
    prompts = KeyPrompts(context, name)
    taken = {*files.merged.profiles, *entries, name}
    roles: list[NewRole] = []
    say(f"Roles of {safe(name)}: an empty line ends the list.")
    while True:
        role = _role(prompts, _FURTHER if roles else _FIRST, taken)
        if role is None:
            break
        taken.add(role.profile)
        roles.append(role)
    own = files.merged.profile(name)
    if not roles and own is not None and own_export(own) is not None:  # there is nothing to write
        return NewProfiles(name, serial, "")
    return NewProfiles(name, serial, _region(context, prompts, files, name, serial), tuple(roles))


def _role(prompts: KeyPrompts, question: str, taken: Collection[str]) -> NewRole | None:
    """Ask for a role and the name of its profile. Returns None for an empty line."""

    def ask_arn(complaint: str) -> str:
        typed = prompts.plain(question, complaint)
        return new_profiles.check_role(typed) if typed else ""

    arn = ask_until_valid(ask_arn)
    if not arn:
        return None
    proposed = new_profiles.proposed_name(arn, taken=taken)

    def ask_name(complaint: str) -> str:
        typed = prompts.plain(f"Name of its profile (Enter for {proposed})", complaint)
        return new_profiles.check_profile(typed or proposed, taken=taken)

    return NewRole(ask_until_valid(ask_name), arn)


def _region(context: Context, prompts: KeyPrompts, files: Files, name: str, serial: str | None) -> str:
    """The region of the environment or of the key's profile; otherwise asks for it."""
    region = service_endpoints.chosen_region(context, files.merged.profile(name))
    if region is not None:
        return region
    usual = endpoints.partition_of_arn(serial or "").region

    def ask(complaint: str) -> str:
        return new_profiles.check_region(prompts.plain(f"Region (Enter for {usual})", complaint) or usual)

    typed = ask_until_valid(ask)
    doubt = new_profiles.region_doubt(typed) if typed != usual else None
    if doubt is not None:
        say(f"Warning: {doubt}")
    return typed


def _write(context: Context, new: NewProfiles, entries: Collection[str]) -> bool:
    """Show the new lines, and write them if the user agrees. Returns False if the key's profile must be changed first."""
    files = edit_plan.read(context.env, home=context.paths.home)
    words = own_command.program_words(context.env)
    plan = new_profiles.planned(files, new, env=context.env, words=words, entries={*entries, new.key})
    for warning in plan.warnings:
        say(f"Warning: {warning}")
    for left in plan.skipped:
        say(f"The profile {safe(left.profile)} was not changed: {left.reason}")
    changes = [] if plan.skipped else plan.changes(files)
    if plan.skipped:
        say(f"After that, to set it up: {command('setup', new.key)}")
        return False
    if not changes:
        profile = files.merged.profile(new.key)
        call = own_export(profile) if profile is not None else None
        say("The profile already calls awsvault-py." if call is not None else "There is nothing to write.")
        return True
    _show(changes)
    path = safe(files.config.path)
    reason = next((found for change in changes if (found := hands_off(change.path)) is not None), None)
    if reason is not None:
        say(f"{path} is {reason}, so awsvault-py does not write it. Add these lines yourself.")
        return True
    wait = context.new_deadline(limits.ATTENDED_PROMPT_TIME)
    where = " and ".join(safe(change.path) for change in changes)
    if not context.interaction.confirm(f"Write this to {where}?", deadline=wait, default=True):
        say(f"Nothing was written. To use the key, add these lines to {path}.")
        return True
    undo.apply_changes(context, changes, kind=undo.SETUP, opened=None)
    say(f"Wrote {', '.join(safe(one) for one in plan.done)}. To undo: awsvault-py setup --undo")
    return True


def _show(changes: Sequence[undo.Change]) -> None:
    """Show the lines to add at the end of the file, or a diff if other lines change."""
    if len(changes) == 1 and (changes[0].after or b"").startswith(changes[0].before or b""):
        added = (changes[0].after or b"")[len(changes[0].before or b"") :]
        emit("\n" + added.decode("utf-8", "replace").replace("\r\n", "\n").strip("\n") + "\n")
        return
    show(changes)
