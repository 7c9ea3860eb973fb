"""Plans the profiles of a sign-in to Identity Center: one for each role, in AWS's config file. Writes nothing.

A generated profile has a marker with the name of its sign-in. Only such profiles are changed or removed; of them only the keys
that are awsvault-py's, so that comments, order and the user's own keys stay.
"""

from __future__ import annotations

from vault import errors
from vault.keys import entry_names
from vault.migrate import own_command
from vault.migrate.edit_plan import EditPlan, Skipped
from vault.profiles.aws_files import PREFIX, Origin
from vault.profiles.ini import uncommented
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from vault.migrate.edit_plan import Files
    from vault.migrate.sso_names import AssignedRole
    from vault.profiles.file_lines import FileLine
    from vault.signin.record import SignInPlace

MARKER = f"{PREFIX}sso_generated"
_PROCESS = "credential_process"
_ACCOUNT, _ROLE = f"{PREFIX}sso_account_id", f"{PREFIX}sso_role_name"
_PLACE = tuple(PREFIX + key for key in ("sso_session", "sso_start_url", "sso_region"))
_KEYS = (_PROCESS, *_PLACE, _ACCOUNT, _ROLE, MARKER)
_OTHER_NAMES = "choose other names: add --name '{session}-{account}/{role}'"
_REFERENCES = ("source_profile", "include_profile")


class SignInProfiles(NamedTuple):
    """What a run is about: the place of the sign-in, the profiles to write by name, and what ``process_value`` takes.

    ``region`` is for profiles without one. ``has_entry``: whether the vault has a key of that name.
    """

    place: SignInPlace
    roles: Mapping[str, AssignedRole]
    words: Sequence[str]
    has_entry: Callable[[str], bool]
    region: str | None = None


class _Marked(NamedTuple):
    """A generated profile of this sign-in as the config file has it: its lines by key, and the value of each."""

    name: str
    lines: dict[str, list[FileLine]]
    values: dict[str, str]
    origin: Origin

    @property
    def role(self) -> tuple[str, str]:
        return self.values.get(_ACCOUNT, ""), self.values.get(_ROLE, "")


def planned(files: Files, wish: SignInProfiles, *, gone: Callable[[str, str], bool], prune: bool) -> EditPlan:
    """The edits of the config file.

    ``gone`` says whether the sign-in has no role of this account ID and name any more. ``prune`` removes the profiles of such
    roles, and those of a role that now has another name. Raises ConfigError if a name is taken.
    """
    line = f"{MARKER} = {wish.place.name}"
    if uncommented(line) != line:
        raise errors.ConfigError(
            f"the name {safe(wish.place.name)!r} of the sso-session would be read as a comment",
            hint="rename it",
        )
    plan, marked = EditPlan(), _marked(files, wish)
    elsewhere = {role.key for role in wish.roles.values()}
    stale = [
        one
        for one in marked.values()
        if one.name not in wish.roles and all(one.role) and (gone(*one.role) or one.role in elsewhere)
    ]
    if stale and not prune:
        plan.warnings.append(
            f"generated profiles whose role is gone, or that have another name now: {len(stale)}. To remove them, add --prune"
        )
    leaving = stale if prune else []
    kept = _remove(files, plan, leaving)
    _refuse_taken(
        files, wish, marked, leaving=[one.name for one in leaving if one.name not in kept], prune=prune
    )
    appended = False
    for name in wish.roles:
        before = len(plan.config)
        if name in marked:
            _update(files, plan, wish, marked[name])
        else:
            plan.config.append(
                files.config.append(entry_names.section(name), _properties(wish, name), after=appended)
            )
            appended = True
        if len(plan.config) > before:
            plan.done.append(name)
    return plan


def _properties(wish: SignInProfiles, name: str) -> list[tuple[str, str]]:
    """The lines of a new profile. With a section of the sign-in, that has the URL and the region."""
    region = [("region", wish.region)] if wish.region is not None else []
    return [*region, (_PROCESS, own_command.process_value(wish.words, name)), *_own(wish, name).items()]


def _own(wish: SignInProfiles, name: str) -> dict[str, str]:
    place, role = wish.place, wish.roles[name]
    session, url, region = _PLACE
    at = (
        {session: place.session}
        if place.session is not None
        else {url: place.start_url, region: place.region}
    )
    return {**at, _ACCOUNT: role.account.account_id, _ROLE: role.role, MARKER: place.name}


def _marked(files: Files, wish: SignInProfiles) -> dict[str, _Marked]:
    """The generated profiles of this sign-in, in the order of the file."""
    lines: dict[str, dict[str, list[FileLine]]] = {}
    for line in files.config.every_key():
        lines.setdefault(line.profile, {}).setdefault(line.key, []).append(line)
    found = {}
    for name, by_key in lines.items():
        section = files.config.section(name)
        values = {key: one.value for key, one in section.properties.items()} if section is not None else {}
        if section is not None and values.get(MARKER) == wish.place.name:
            found[name] = _Marked(name, by_key, values, Origin(files.config.path, section.line))
    return found


# ── changes ─────────────────────────────────────────────────────────────────────────────────────


def _update(files: Files, plan: EditPlan, wish: SignInProfiles, one: _Marked) -> None:
    """Set the keys of a generated profile that differ, and add those that are missing."""
    document, now = files.config, one.values
    process = now.get(_PROCESS)
    options: Sequence[str] = ()
    if process is not None:
        if own_command.call_in(process) is None:
            where = Origin(document.path, one.lines[_PROCESS][-1].start + 1)
            plan.skipped.append(Skipped(one.name, f"another program provides its credentials ({where})"))
            return
        options = own_command.options(process)
    wanted = {_PROCESS: own_command.process_value(wish.words, one.name, options), **_own(wish, one.name)}
    if wish.region is not None and "region" not in now:
        wanted["region"] = wish.region
    own = [line for key in _KEYS for line in one.lines.get(key, ())]
    after = max(line.end for line in own) - 1
    for key in _PLACE:
        if key not in wanted:
            plan.config += [document.remove(line) for line in one.lines.get(key, ())]
    for key, value in wanted.items():
        if key not in now:
            plan.config.append(document.insert(after, one.name, key, value))
        elif now[key] != value:
            plan.config.append(document.set_value(one.lines[key][-1], value))


def _remove(files: Files, plan: EditPlan, leaving: Collection[_Marked]) -> set[str]:
    """Add the edits that remove profiles. Returns those that stay, because they have lines that are the user's."""
    kept = set()
    for one in leaving:
        other = next((key for key in one.lines if key not in (*_KEYS, "region")), None)
        if len(files.config.headers(one.name)) > 1 or files.credentials.section(one.name) is not None:
            reason = "the files have more than one section of it"
        elif other is not None:
            reason = f"it has {safe(other)} (line {one.lines[other][0].start + 1}), which setup did not write"
        else:
            plan.config.append(files.config.remove_section(one.name))
            continue
        kept.add(one.name)
        plan.skipped.append(Skipped(one.name, f"its role is gone, but {reason}. Remove the profile yourself"))
    _warn_of_users(files, plan, {one.name for one in leaving} - kept)
    return kept


def _warn_of_users(files: Files, plan: EditPlan, gone: Collection[str]) -> None:
    """Warn about profiles that get their credentials or keys from one that is removed."""
    for name, sections in files.merged.profiles.items() if gone else ():
        for section, path in zip(sections, (files.config.path, files.credentials.path), strict=True):
            for key in _REFERENCES if section is not None and name not in gone else ():
                found = (
                    section.properties.get(PREFIX + key) or section.properties.get(key) if section else None
                )
                if found is not None and found.value in gone:
                    plan.warnings.append(
                        f"{Origin(path, found.line)}: profile {safe(name)} uses {safe(found.value)}, which is removed"
                    )


# ── names that are taken ────────────────────────────────────────────────────────────────────────


def _refuse_taken(
    files: Files,
    wish: SignInProfiles,
    marked: Mapping[str, _Marked],
    *,
    leaving: Collection[str],
    prune: bool,
) -> None:
    """Raise ConfigError if a profile to write has the name of another profile or of a key in the vault."""
    config = files.merged
    folded: dict[str, str] = {}
    for name in config.profiles:
        if name not in leaving:
            folded.setdefault(name.lower(), name)
    for name, role in wish.roles.items():
        if wish.has_entry(name):
            raise errors.ConfigError(
                f"the vault has a key named {name}, which is also the name for {role}",
                hint=_OTHER_NAMES,
            )
        if name in marked:
            _refuse_other_role(marked[name], role, prune=prune)
            continue
        other = name if name in config.profiles and name not in leaving else folded.get(name.lower())
        if other is None:
            continue
        where = _origin(files, other)
        if other != name:
            found = f"profile {safe(other)} differs in case only from {name}, the name for {role}"
        else:
            found = f"profile {name} was not written by setup --sso {safe(wish.place.name)}, but it is the name for {role}"
        hint = "add --prune" if other in marked and not prune else _OTHER_NAMES
        raise errors.ConfigError(f"{where}: {found}", hint=hint)


def _refuse_other_role(one: _Marked, role: AssignedRole, *, prune: bool) -> None:
    """A name that meant one role must not silently mean another."""
    if prune or one.role == role.key or "" in one.role:
        return
    raise errors.ConfigError(
        f"{one.origin}: profile {safe(one.name)} is role {safe(one.role[1])} in account {safe(one.role[0])}, "
        f"but now that is the name for {role}",
        hint="to let the profile mean the new role, add --prune; to keep both, choose other names: --name",
    )


def _origin(files: Files, name: str) -> Origin:
    """Where the profile's header is."""
    for document in (files.config, files.credentials):
        section = document.section(name)
        if section is not None:
            return Origin(document.path, section.line)
    return Origin(files.config.path, 0)
