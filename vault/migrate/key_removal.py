"""Import: decides which keys can be removed from AWS's files without any tool signing with another key afterwards. Pure.

Removing a key may uncover another key, or a program that tools did not reach before. Such a key is not removed.
"""

from __future__ import annotations

from dataclasses import replace

from vault import errors
from vault.migrate import own_command, undo
from vault.migrate.edit_plan import EditPlan, Skipped
from vault.migrate.import_plan import ImportPlan
from vault.migrate.setup import Setup
from vault.profiles import aws_files, sdk_precedence
from vault.profiles.aws_files import STATIC, Origin
from vault.profiles.edit import Document, Hunk
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.migrate.edit_plan import Files
    from vault.migrate.plaintext_keys import PlaintextKey
    from vault.profiles.aws_files import Config
    from vault.profiles.sdk_precedence import Supply
    from vault.store.vault import Entry


def plan_removal(
    files: Files,
    imports: ImportPlan,
    *,
    env: Mapping[str, str],
    words: Sequence[str],
    known: Mapping[str, Entry],
    setting_up: bool,
) -> tuple[ImportPlan, EditPlan]:
    """The keys that can be removed without any tool changing its key, and the edits. The others are skipped with the reason.

    ``setting_up``: the profiles that used a key are set up to call awsvault-py. ``known`` are the vault's entries.
    """
    while True:
        names = {moved.entry for moved in imports.keys}
        plan = EditPlan()
        if setting_up:
            setup = Setup(
                files,
                env=env,
                words=words,
                has_entry=(known.keys() | names).__contains__,
                named={profile: moved.entry for moved in imports.keys for profile in moved.profiles},
                leaving=[(one.profile, one.kind) for one in imports.plaintext],
            )
            plan = setup.run_for(names)
        _remove_lines(files, imports, plan)
        after = _after(files, plan)
        wrong: dict[str, str] = {}  # by the place of the key
        for one in imports.plaintext:
            reason = _why_not(files.merged, after, one, imports, plan if setting_up else None)
            if reason is not None:
                wrong[one.origin] = reason
        if not wrong:
            return imports, plan
        imports = _without(imports, wrong)


def _remove_lines(files: Files, imports: ImportPlan, plan: EditPlan) -> None:
    """Add the edits that remove the keys' own lines."""
    for one in imports.plaintext:
        document = files.credentials if one.kind == "credentials" else files.config
        for key in STATIC:
            plan.edits(one.kind).extend(document.remove(line) for line in document.places(one.profile, key))


def _after(files: Files, plan: EditPlan) -> Config:
    """The profiles after the edits."""
    config = Document(files.config.apply(plan.config), path=files.config.path, kind="config")
    credentials = Document(
        files.credentials.apply(plan.credentials), path=files.credentials.path, kind="credentials"
    )
    return aws_files.merge(config.sections, credentials.sections)


def _why_not(
    before: Config, after: Config, source: PlaintextKey, imports: ImportPlan, plan: EditPlan | None
) -> str | None:
    """Why the key cannot be removed: what a tool would use without it. None if it can be removed.

    With a ``plan`` that sets up profiles, a tool that had credentials must not lose them either.
    """
    if source.second and not any(s.profile == source.profile and not s.second for s in imports.plaintext):
        return "the profile has another key in the credentials file, which cannot be removed either"
    for reader in sdk_precedence.READERS:
        was = sdk_precedence.supply(before, source.profile, reader)
        then = sdk_precedence.supply(after, source.profile, reader)
        if was is None or (then is not None and was.same(then)) or (then is None and plan is None):
            continue
        if then is None:
            left = (
                next((one.reason for one in plan.skipped if one.profile == source.profile), "")
                if plan
                else ""
            )
            return f"the profile cannot be set up: {left or 'it has only half of another key'}"
        if then.key is not None or not _gives_same_key(after, source, was, then, imports):
            return f"without it {reader.name} would {_otherwise(before, source.profile, then)}"
    return None


def _otherwise(before: Config, profile: str, then: Supply) -> str:
    """What a tool would do without the key, with the current number of the line that causes it."""
    name = STATIC[0] if then.key is not None else "credential_process"
    places = zip(before.profiles[profile], (before.config_path, before.credentials_path), strict=True)
    lines = [
        section.properties[name].line
        for section, path in places
        if section is not None and path == then.origin.path and name in section.properties
    ]
    if not lines:  # a call of awsvault-py that is not in the file yet
        return "combine the access key ID of one file with the secret of the other; remove what is left in the other file"
    call = own_command.call_in(then.command or "")
    if then.key is not None:
        what = f"sign with the key {safe(then.key)}"
    else:
        what = "run another program" if call is None else f"get the credentials of {safe(call.profile)}"
    return f"{what} ({Origin(then.origin.path, lines[0])}); remove one of the two"


def _gives_same_key(
    after: Config, source: PlaintextKey, was: Supply, then: Supply, imports: ImportPlan
) -> bool:
    """Whether the tool's command calls awsvault-py for the entry of the key that the tool used before."""
    call = own_command.call_in(then.command or "")
    if call is None:
        return False
    if was.key is None:  # a call of awsvault-py, or of a program that setup has replaced
        command = was.command or ""
        return (
            own_command.call_in(command) is not None
            or own_command.importable_from(command, source.profile) is not None
        )
    try:
        profile = after.profile(call.profile)
    except errors.ConfigError:
        return False
    if profile is None or (call.profile != source.profile and profile.get("role_arn") is not None):
        return False
    entry = profile.prefixed("credential")
    name = entry.value if entry is not None else call.profile
    return any(
        m.entry == name and (m.key.access_key_id, m.key.secret) == (was.key, was.secret) for m in imports.keys
    )


def _without(imports: ImportPlan, wrong: Mapping[str, str]) -> ImportPlan:
    """The plan without the keys at these places. An entry without any place left is dropped; others lose those profiles."""
    plaintext = [one for one in imports.plaintext if one.origin not in wrong]
    staying = [one for one in imports.plaintext if one.origin in wrong]
    skipped = [
        *imports.skipped,
        *(Skipped(one.profile, f"{one.origin}: {wrong[one.origin]}") for one in staying),
    ]
    keys = []
    for moved in imports.keys:
        if not any(moved.is_at(one) for one in staying):
            keys.append(moved)
            continue
        kept = [one for one in plaintext if moved.is_at(one)]
        names = {one.profile for one in kept if not one.second}
        if kept:
            keys.append(
                replace(
                    moved,
                    profiles=tuple(name for name in moved.profiles if name in names),
                    origins=tuple(one.origin for one in kept),
                )
            )
    return ImportPlan(keys=keys, skipped=skipped, plaintext=plaintext)


def removed_files(imports: ImportPlan) -> list[undo.Change]:
    """The changes that remove files with only moved keys: a CSV file, an item of aws-vault's store."""
    files = dict(file for moved in imports.keys for file in moved.files)
    return [
        undo.Change(path=path, kind="", before=raw, after=None, hunks=(Hunk(0, raw, b"", ""),))
        for path, raw in files.items()
    ]
