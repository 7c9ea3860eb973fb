"""Import: keys that lie in clear, or in another program's store, into the vault; then out of where they were.

In this order, so that a stop at any point loses no key: proved by AWS, stored in the vault (in one write), the lines
to be taken out recorded under the vault's key, and only then taken out. Prints nothing and asks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from vault import errors
from vault.keys import entries, key_input
from vault.keys.entry_names import check_name
from vault.keys.verify import Proof
from vault.migrate import stray_secrets, undo
from vault.migrate.setup import Files, Left
from vault.profiles.aws_files import STATIC
from vault.secret import Secret
from vault.store import vault
from vault.system.replace_file import hands_off
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vault.context import Context
    from vault.keys.key_input import NewKey
    from vault.migrate.foreign_stores import Candidate, Harvest
    from vault.profiles.aws_files import Config
    from vault.store.vault import Entry, Opened

_TOKENS = ("aws_session_token", "aws_security_token")
TEMPORARY = "a temporary key, with a session token, which the program that wrote it renews"


class Source(NamedTuple):
    """A key pair that stands in one of AWS's files: the profile, and which file ("config" or "credentials").

    ``beside``: the profile has another key in the credentials file, which every tool takes before this one.
    """

    profile: str
    kind: str
    access_key_id: str
    secret: Secret
    origin: str
    beside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A key to be moved: the entry's name, the key, the profiles that share it, its files; ``there`` already or not.

    ``beside`` is the profile that has it as a second key, where no profile uses it.
    """

    entry: str
    key: NewKey
    profiles: tuple[str, ...]
    origins: tuple[str, ...]
    there: bool
    files: tuple[tuple[str, bytes], ...] = ()
    proof: Proof | None = None
    beside: str = ""

    @property
    def asked(self) -> str:
        """The profile at whose endpoint AWS is asked about the key."""
        return self.beside or self.entry


@dataclass(slots=True)
class Intake:
    """What will be moved, and what is left where it is with the reason."""

    moved: list[Moved] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


def clear_keys(files: Files, wanted: Sequence[str] = ()) -> tuple[list[Source], list[Left]]:
    """The key pairs that stand in clear in AWS's files, and those that cannot be moved; of all profiles or ``wanted``.

    Of all: secrets that are no profile's key are among those that cannot be moved.
    """
    found: list[Source] = []
    left: list[Left] = []
    for document, kind in ((files.credentials, "credentials"), (files.config, "config")):
        for name in wanted or files.merged.profiles:
            section = document.section(name)
            held = section.properties if section is not None else {}
            if not any(key in held for key in STATIC):
                continue
            at = f"{safe(document.path)}:{next(held[k].line for k in STATIC if k in held)}"
            if name == "DEFAULT":
                left.append(Left(name, f"{at}: {stray_secrets.INHERITED}"))
            elif stray_secrets.doubled(document, name):
                left.append(
                    Left(name, f"{at}: the key stands twice, and differently: keep the one that is meant")
                )
            elif any(key in held and held[key].value for key in _TOKENS):
                left.append(Left(name, f"{at}: {TEMPORARY}"))
            elif not all(key in held and held[key].value for key in STATIC):
                left.append(Left(name, f"{at}: half of a key"))
            else:
                pair = (held[STATIC[0]].value, Secret(held[STATIC[1]].value))
                first = next((s for s in found if s.profile == name), None)
                beside = first is not None and (first.access_key_id, first.secret) != pair
                found.append(Source(name, kind, *pair, at, beside=beside))
        left += () if wanted else stray_secrets.strays(document)
    return found, left


def intake(
    sources: Sequence[Source],
    left: Iterable[Left],
    *,
    config: Config,
    known: Mapping[str, Entry],
    replacing: bool,
) -> Intake:
    """One entry for each key: profiles that share a key share the entry, named by the one that others build on."""
    taken = Intake(left=list(left))
    groups: list[list[Source]] = []
    for source in sources:
        same = (
            g for g in groups if g[0].access_key_id == source.access_key_id and g[0].secret == source.secret
        )
        group = next(same, None)
        if group is None:
            groups.append([source])
        else:
            group.append(source)
    uses = _uses(config)
    for group in groups:
        profiles = tuple(dict.fromkeys(source.profile for source in group if not source.beside))
        try:
            key = key_input.checked(group[0].access_key_id, group[0].secret, None, None)
            entry = _entry_name(profiles, key, known=known, uses=uses, taken=taken)
            entry = entry or _name_beside(group[0].profile, [*config.profiles, *known, *_entries(taken)])
            there = _check_known(entry, key, known=known, replacing=replacing)
        except errors.Error as error:
            taken.left += [Left(source.profile, f"{source.origin}: {error.message}") for source in group]
            continue
        key = key._replace(mfa_serial=_serial(config, profiles))
        origins = tuple(source.origin for source in group)
        beside = "" if profiles else group[0].profile
        taken.moved.append(
            Moved(entry=entry, key=key, profiles=profiles, origins=origins, there=there, beside=beside)
        )
        taken.sources += group
    return taken


def intake_foreign(
    harvest: Harvest, *, config: Config, known: Mapping[str, Entry], replacing: bool
) -> Intake:
    """The keys of another program's store, each under the name it has there."""
    taken = Intake(left=list(harvest.left))
    for found in harvest.keys:
        try:
            key = key_input.checked(found.access_key_id, found.secret, None, None)
            name = check_name(found.name)
            if any(m.entry == name for m in taken.moved):
                raise errors.Usage(
                    f"there are two keys named {safe(name)}", hint="move one of them by: add NAME"
                )
            there = _check_known(name, key, known=known, replacing=replacing)
        except errors.Error as error:
            taken.left.append(Left(found.name, f"{found.origin}: {error.message}"))
            continue
        key = key._replace(mfa_serial=_serial(config, (name,)))
        files = (found.file,) if found.file is not None else ()
        taken.moved.append(
            Moved(entry=name, key=key, profiles=(name,), origins=(found.origin,), there=there, files=files)
        )
    kept = {found.file[0] for found in harvest.keys if found.file is not None and not _is_moved(found, taken)}
    taken.moved = without_files(taken.moved, kept)
    return taken


def _is_moved(found: Candidate, taken: Intake) -> bool:
    return any(m.key.access_key_id == found.access_key_id for m in taken.moved)


def _uses(config: Config) -> dict[str, int]:
    """How many profiles name each as their source."""
    counts: dict[str, int] = {}
    for name in config.profiles:
        profile = config.profile(name)
        source = profile.get("source_profile") if profile is not None else None
        if source is not None:
            counts[source.value] = counts.get(source.value, 0) + 1
    return counts


def _entry_name(
    profiles: Sequence[str],
    key: NewKey,
    *,
    known: Mapping[str, Entry],
    uses: Mapping[str, int],
    taken: Intake,
) -> str:
    """The entry's name by the profiles that use the key; empty where none does."""
    there = next((name for name, e in known.items() if _is(e, key)), None)
    if there is not None or not profiles:
        return there or ""
    fit = []
    refusal: errors.Error | None = None
    for name in profiles:
        try:
            fit.append(check_name(name))
        except errors.Usage as error:
            refusal = error
    fit = [name for name in fit if all(m.entry != name for m in taken.moved)]
    if not fit:
        raise refusal or errors.Usage(
            "another key has the name already", hint="move it by: awsvault-py add NAME"
        )
    return max(fit, key=lambda name: uses.get(name, 0))  # the first of equals


def _entries(taken: Intake) -> list[str]:
    return [moved.entry for moved in taken.moved]


def _name_beside(profile: str, used: Collection[str]) -> str:
    """The name of an entry for a key that no tool has used: it is no profile's, so that none begins to use it."""
    first = f"{check_name(profile)}-unused"
    more = (f"{first}-{number}" for number in range(2, len(used) + 3))
    return next(name for name in (first, *more) if name not in used)


def _check_known(entry: str, key: NewKey, *, known: Mapping[str, Entry], replacing: bool) -> bool:
    """Whether the vault holds this very key under the name; AlreadyExists where it holds another one."""
    held = known.get(entry)
    if held is None:
        return False
    if _is(held, key):
        return True
    if not replacing or held.journal is not None:
        raise errors.AlreadyExists(
            f"the vault holds another key as {safe(entry)} ({safe(held.access_key_id)})", hint="say --replace"
        )
    return False


def _is(entry: Entry, key: NewKey) -> bool:
    return entry.access_key_id == key.access_key_id and entry.secret == key.secret


def _serial(config: Config, profiles: Sequence[str]) -> str | None:
    """The device of the key's user: its profile's, else the one that all roles of the key name."""
    named = [_mfa(config, name) for name in profiles]
    found = next((serial for serial in named if serial is not None), None)
    if found is None:
        roles = set()
        for name in config.profiles:
            profile = config.profile(name)
            source = profile.get("source_profile") if profile is not None else None
            if source is not None and source.value in profiles and name not in profiles:
                roles.add(_mfa(config, name))
        roles.discard(None)
        found = roles.pop() if len(roles) == 1 else None
    try:
        return key_input.check_serial(found) if found is not None else None
    except errors.Usage:
        return None  # doctor tells of a serial that cannot be one


def _mfa(config: Config, name: str) -> str | None:
    profile = config.profile(name) if name in config.profiles else None
    found = profile.get("mfa_serial") if profile is not None else None
    return found.value if found is not None and found.value else None


def holds(moved: Moved, source: Source) -> bool:
    """Whether it is the key that stands there."""
    return (moved.key.access_key_id, moved.key.secret) == (source.access_key_id, source.secret)


def without_files(moved: Iterable[Moved], kept: Collection[str]) -> list[Moved]:
    """The keys without those files that hold another key too, which stays: such a file is not removed."""
    return [replace(m, files=tuple(f for f in m.files if f[0] not in kept)) for m in moved]


def move(context: Context, opened: Opened, taken: Intake, changes: Sequence[undo.Change]) -> None:
    """Store the keys, then take them out of where they were. The order is what makes a stop anywhere harmless.

    Files that something else makes are left; the caller tells. Errors: those of ``store`` and of ``undo.carry_out``.
    """
    opened = store(context, opened, taken)
    ours = [change for change in changes if hands_off(change.path) is None]
    undo.carry_out(context, ours, kind="import", opened=opened)


def store(context: Context, opened: Opened, taken: Intake) -> Opened:
    """All keys into the vault in one write. AlreadyExists where another process was faster with a name."""
    new = [moved for moved in taken.moved if not moved.there]
    created = int(context.clock.time())

    def change(payload: vault.Payload) -> vault.Payload:
        for moved in new:
            held = payload.entries.get(moved.entry)
            if held is not None and held.journal is not None:
                raise errors.AlreadyExists(
                    f"a rotation of {safe(moved.entry)} began meanwhile",
                    hint=f"finish it first: awsvault-py rotate --finish {safe(moved.entry)}",
                )
            if held is not None and held != opened.payload.entries.get(moved.entry):
                raise errors.AlreadyExists(
                    f"another key was stored as {safe(moved.entry)} meanwhile ({safe(held.access_key_id)})",
                    hint="nothing was moved; run it again",
                )
            proof = moved.proof or Proof()
            payload = payload.with_entry(moved.entry, entries.new_entry(moved.key, proof, held, created))
        return payload

    if not new:
        return opened
    return vault.edit(
        context.paths, opened.k_main, change, clock=context.clock, deadline=context.new_deadline()
    )
