"""What an import takes out of the files, and whether every tool signs with the same key afterwards. Pure.

A key that is taken out may uncover another one, or a program, that tools passed over before. Such a key stays.
"""

from __future__ import annotations

from dataclasses import replace

from vault import errors
from vault.migrate import import_keys, undo
from vault.migrate import own_command as commands
from vault.migrate.setup import Files, Left, Setup, SetupPlan
from vault.profiles import aws_files, sdk_precedence
from vault.profiles.aws_files import STATIC, Origin
from vault.profiles.command_words import own_call
from vault.profiles.edit import Document, Hunk
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.migrate.import_keys import Intake, Source
    from vault.profiles.aws_files import Config
    from vault.profiles.sdk_precedence import Supply
    from vault.store.vault import Entry


def settle(
    files: Files,
    taken: Intake,
    *,
    env: Mapping[str, str],
    words: Sequence[str],
    known: Mapping[str, Entry],
    setting_up: bool,
) -> tuple[Intake, SetupPlan]:
    """What of ``taken`` can be taken out so that no tool changes its key by it, and the edits; the rest is left, with the reason."""
    while True:
        plan = _rewriting(files, taken, env=env, words=words, known=known, setting_up=setting_up)
        after = _after(files, plan)
        wrong: dict[str, str] = {}  # by the place of the key
        for source in taken.sources:
            reason = _why_not(files.merged, after, source, taken, plan if setting_up else None)
            if reason is not None:
                wrong[source.origin] = reason
        if not wrong:
            return taken, plan
        taken = _without(taken, wrong)


def _rewriting(
    files: Files,
    taken: Intake,
    *,
    env: Mapping[str, str],
    words: Sequence[str],
    known: Mapping[str, Entry],
    setting_up: bool,
) -> SetupPlan:
    """The edits that take the keys out of AWS's files and let the profiles that lived on them call the vault."""
    names = {moved.entry for moved in taken.moved}
    named = {profile: moved.entry for moved in taken.moved for profile in moved.profiles}
    plan = SetupPlan()
    if setting_up:
        run = Setup(
            files,
            env=env,
            words=words,
            has_entry=lambda n: n in known or n in names,
            named=named,
            leaving=[(source.profile, source.kind) for source in taken.sources],
        )
        plan = run.run_for(names)
    for source in taken.sources:
        document = files.credentials if source.kind == "credentials" else files.config
        edits = plan.credentials if source.kind == "credentials" else plan.config
        for key in STATIC:
            edits += [document.remove(line) for line in document.places(source.profile, key)]
    return plan


def _after(files: Files, plan: SetupPlan) -> Config:
    """The profiles as the edits leave them."""
    config = Document(files.config.apply(plan.config), path=files.config.path, kind="config")
    credentials = Document(
        files.credentials.apply(plan.credentials), path=files.credentials.path, kind="credentials"
    )
    return aws_files.merge(config.sections, credentials.sections)


def _why_not(
    before: Config, after: Config, source: Source, taken: Intake, plan: SetupPlan | None
) -> str | None:
    """Which tools would go on with something else once the key is gone; None where none would.

    With a ``plan``, which sets profiles up, no tool that had credentials may be left without.
    """
    if source.beside and not any(s.profile == source.profile and not s.beside for s in taken.sources):
        return "another key than in the credentials file, which stays too"
    for reader in sdk_precedence.READERS:
        was = sdk_precedence.supply(before, source.profile, reader)
        then = sdk_precedence.supply(after, source.profile, reader)
        if was is None or (then is not None and was.same(then)) or (then is None and plan is None):
            continue
        if then is None:
            left = (
                next((one.reason for one in plan.left if one.profile == source.profile), "") if plan else ""
            )
            return f"the profile was not set up: {left or 'half of another key stands in it'}"
        if then.key is not None or not _ours(after, source, was, then, taken):
            return f"without it {reader.name} would {_otherwise(before, source.profile, then)}"
    return None


def _otherwise(before: Config, profile: str, then: Supply) -> str:
    """What a tool would do then, with the line of the file as it is now."""
    name = STATIC[0] if then.key is not None else "credential_process"
    places = zip(before.profiles[profile], (before.config_path, before.credentials_path), strict=True)
    lines = [
        section.properties[name].line
        for section, path in places
        if section is not None and path == then.origin.path and name in section.properties
    ]
    if not lines:  # our call, which is not there yet
        return "have another key than they put together from both files; remove the half that stands in the other"
    called = _own(then.command)
    if then.key is not None:
        what = f"sign with the key {safe(then.key)}"
    else:
        what = "run another program" if called is None else f"have the credentials of {safe(called)}"
    return f"{what} ({Origin(then.origin.path, lines[0])}); remove one of the two"


def _ours(after: Config, source: Source, was: Supply, then: Supply, taken: Intake) -> bool:
    """Whether the command gives the very key that the tool had before: a call of ours for its entry."""
    called = _own(then.command)
    if called is None:
        return False
    if was.key is None:  # another program's call, or one of ours, which setup has replaced
        return (
            _own(was.command) is not None or commands.served_by(was.command or "", source.profile) is not None
        )
    try:
        profile = after.profile(called)
    except errors.ConfigError:
        return False
    if profile is None or (called != source.profile and profile.get("role_arn") is not None):
        return False
    entry = profile.ours("credential")
    name = entry.value if entry is not None else called
    return any(
        m.entry == name and (m.key.access_key_id, m.key.secret) == (was.key, was.secret) for m in taken.moved
    )


def _own(command: str | None) -> str | None:
    try:
        called = own_call(command or "")
    except ValueError:
        return None
    return called.profile if called is not None else None


def _without(taken: Intake, wrong: Mapping[str, str]) -> Intake:
    """The intake without those keys, whose entries and profiles go with them where nothing else has them."""
    sources = [source for source in taken.sources if source.origin not in wrong]
    staying = [source for source in taken.sources if source.origin in wrong]
    left = [*taken.left, *(Left(s.profile, f"{s.origin}: {wrong[s.origin]}") for s in staying)]
    moved = []
    for one in taken.moved:
        if not any(import_keys.holds(one, source) for source in staying):
            moved.append(one)
            continue
        kept = [source for source in sources if import_keys.holds(one, source)]
        names = {source.profile for source in kept if not source.beside}
        if kept:
            origins = tuple(source.origin for source in kept)
            moved.append(replace(one, profiles=tuple(p for p in one.profiles if p in names), origins=origins))
    return import_keys.Intake(moved=moved, left=left, sources=sources)


def file_changes(taken: Intake) -> list[undo.Change]:
    """The removal of files that hold nothing but moved keys: a CSV, an item of aws-vault's store."""
    whole = dict(file for moved in taken.moved for file in moved.files)
    return [
        undo.Change(path=path, kind="", before=raw, after=None, hunks=(Hunk(0, raw, b"", ""),))
        for path, raw in whole.items()
    ]
