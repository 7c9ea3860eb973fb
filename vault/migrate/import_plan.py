"""Import: plans which keys to move into the vault, and into which entries. Pure.

The keys are from AWS's files or from another program's store. verify_keys.py verifies them with AWS, key_removal.py decides
which lines to remove from the files, and import_keys.py carries out the plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from vault import errors
from vault.keys import key_input
from vault.keys.entry_names import check_name
from vault.migrate.edit_plan import Skipped
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vault.keys.key_input import NewKey
    from vault.keys.verify import Verification
    from vault.migrate.foreign_stores import Candidate, Harvest
    from vault.migrate.plaintext_keys import PlaintextKey
    from vault.profiles.aws_files import Config
    from vault.store.vault import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedKey:
    """A key to move: its entry, the profiles that share it, where it was found, and the files to remove afterwards.

    ``stored``: the vault already has it. ``second_of`` is the profile that has it as its second key, if no profile
    uses it.
    """

    entry: str
    key: NewKey
    profiles: tuple[str, ...]
    origins: tuple[str, ...]
    stored: bool
    files: tuple[tuple[str, bytes], ...] = ()
    proof: Verification | None = None
    second_of: str = ""

    @property
    def verified_as(self) -> str:
        """The profile whose endpoint verifies the key."""
        return self.second_of or self.entry

    def is_at(self, found: PlaintextKey) -> bool:
        """Whether ``found`` is this key."""
        return (self.key.access_key_id, self.key.secret) == found.pair


@dataclass(slots=True)
class ImportPlan:
    """The keys to move, the skipped keys with the reason, and the places of the keys in AWS's files."""

    keys: list[ImportedKey] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    plaintext: list[PlaintextKey] = field(default_factory=list)


def from_files(
    found: Sequence[PlaintextKey],
    skipped: Iterable[Skipped],
    *,
    config: Config,
    known: Mapping[str, Entry],
    replacing: bool,
) -> ImportPlan:
    """Plan one entry for each key in AWS's files. Profiles with the same key share one entry, named after the most used one."""
    plan = ImportPlan(skipped=list(skipped))
    uses = _uses(config)
    for group in _by_key(found):
        profiles = tuple(dict.fromkeys(one.profile for one in group if not one.second))
        try:
            key = key_input.check_key(group[0].access_key_id, group[0].secret, None, None)
            used = [moved.entry for moved in plan.keys]
            entry = _entry_name(profiles, key, known=known, uses=uses, used=used)
            entry = entry or _unused_name(group[0].profile, [*config.profiles, *known, *used])
            stored = _is_stored(entry, key, known=known, replacing=replacing)
        except errors.Error as error:
            plan.skipped += [Skipped(one.profile, f"{one.origin}: {error.message}") for one in group]
            continue
        plan.keys.append(
            ImportedKey(
                entry=entry,
                key=key._replace(mfa_serial=_serial(config, profiles)),
                profiles=profiles,
                origins=tuple(one.origin for one in group),
                stored=stored,
                second_of="" if profiles else group[0].profile,
            )
        )
        plan.plaintext += group
    return plan


def _by_key(found: Iterable[PlaintextKey]) -> list[list[PlaintextKey]]:
    """Group the places by key. Secrets have no hash, so the groups are searched."""
    groups: list[list[PlaintextKey]] = []
    for one in found:
        group = next((g for g in groups if g[0].pair == one.pair), None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    return groups


def from_store(
    harvest: Harvest, *, config: Config, known: Mapping[str, Entry], replacing: bool
) -> ImportPlan:
    """Plan the keys of another program's store or of a CSV file, each with the name that it has there."""
    plan = ImportPlan(skipped=list(harvest.skipped))
    for found in harvest.keys:
        try:
            key = key_input.check_key(found.access_key_id, found.secret, None, None)
            name = check_name(found.name)
            if any(m.entry == name for m in plan.keys):
                raise errors.Usage(
                    f"there are two keys named {safe(name)}",
                    hint="store one of them with: awsvault-py add NAME",
                )
            stored = _is_stored(name, key, known=known, replacing=replacing)
        except errors.Error as error:
            plan.skipped.append(Skipped(found.name, f"{found.origin}: {error.message}"))
            continue
        plan.keys.append(
            ImportedKey(
                entry=name,
                key=key._replace(mfa_serial=_serial(config, (name,))),
                profiles=(name,),
                origins=(found.origin,),
                stored=stored,
                files=(found.file,) if found.file is not None else (),
            )
        )
    kept = {found.file[0] for found in harvest.keys if found.file is not None and not _is_moved(found, plan)}
    plan.keys = without_files(plan.keys, kept)
    return plan


def without_files(keys: Iterable[ImportedKey], kept: Collection[str]) -> list[ImportedKey]:
    """The keys without the files ``kept``, which must not be removed because they also contain a key that is not moved."""
    return [replace(m, files=tuple(f for f in m.files if f[0] not in kept)) for m in keys]


def _is_moved(found: Candidate, plan: ImportPlan) -> bool:
    return any(m.key.access_key_id == found.access_key_id for m in plan.keys)


# ── the name of the entry ───────────────────────────────────────────────────────────────────────


def _uses(config: Config) -> dict[str, int]:
    """Count for each profile how many profiles name it as their source."""
    counts: dict[str, int] = {}
    for name in config.profiles:
        source = _source_profile(config, name)
        if source is not None:
            counts[source] = counts.get(source, 0) + 1
    return counts


def _source_profile(config: Config, name: str) -> str | None:
    profile = config.profile(name)
    setting = profile.get("source_profile") if profile is not None else None
    return setting.value if setting is not None else None


def _entry_name(
    profiles: Sequence[str],
    key: NewKey,
    *,
    known: Mapping[str, Entry],
    uses: Mapping[str, int],
    used: Collection[str],
) -> str:
    """The name of the entry that has the key, otherwise of the most used profile; empty if no profile uses the key."""
    stored = next((name for name, entry in known.items() if _is(entry, key)), None)
    if stored is not None or not profiles:
        return stored or ""
    fit = []
    refusal: errors.Error | None = None
    for name in profiles:
        try:
            fit.append(check_name(name))
        except errors.Usage as error:
            refusal = error
    fit = [name for name in fit if name not in used]
    if not fit:
        raise refusal or errors.Usage(
            "another key already has this name", hint="store this one with: awsvault-py add NAME"
        )
    return max(fit, key=lambda name: uses.get(name, 0))  # the first one if several are used equally


def _unused_name(profile: str, used: Collection[str]) -> str:
    """A name for the entry of a key that no tool uses. No profile has this name, so that no tool starts to use the key."""
    first = f"{check_name(profile)}-unused"
    more = (f"{first}-{number}" for number in range(2, len(used) + 3))
    return next(name for name in (first, *more) if name not in used)


def _is_stored(entry: str, key: NewKey, *, known: Mapping[str, Entry], replacing: bool) -> bool:
    """Whether the vault has this key in the entry. Raises AlreadyExists if the entry has another key."""
    held = known.get(entry)
    if held is None:
        return False
    if _is(held, key):
        return True
    if not replacing or held.journal is not None:
        raise errors.AlreadyExists(
            f"the vault has another key named {safe(entry)} ({safe(held.access_key_id)})",
            hint="to replace it, use --replace",
        )
    return False


def _is(entry: Entry, key: NewKey) -> bool:
    return entry.access_key_id == key.access_key_id and entry.secret == key.secret


# ── the MFA device ──────────────────────────────────────────────────────────────────────────────


def _serial(config: Config, profiles: Sequence[str]) -> str | None:
    """The MFA device of the key's user: the device of its profile, otherwise the device that all roles of the key name."""
    named = [_mfa(config, name) for name in profiles]
    found = next((serial for serial in named if serial is not None), None)
    if found is None:
        roles = {
            _mfa(config, name)
            for name in config.profiles
            if name not in profiles and _source_profile(config, name) in profiles
        } - {None}
        found = roles.pop() if len(roles) == 1 else None
    try:
        return key_input.check_serial(found) if found is not None else None
    except errors.Usage:
        return None  # doctor reports an impossible serial


def _mfa(config: Config, name: str) -> str | None:
    profile = config.profile(name) if name in config.profiles else None
    found = profile.get("mfa_serial") if profile is not None else None
    return found.value if found is not None and found.value else None
