"""`awsvault-py list`: the profiles, and the entries of the vault."""

from __future__ import annotations

from vault.cli.terminal import (
    Cell,
    ago,
    emit,
    emit_json,
    expires_in,
    is_terminal,
    key_age,
    rfc3339,
    say,
    span,
    table,
    without_absent,
)
from vault.errors import NotFound
from vault.profiles.production import means_production
from vault.rotation import progress
from vault.text import command as command_line
from vault.unlocking.inventory import Contents
from vault.unlocking.key_access import open_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vault.context import Context
    from vault.inspect.profile_table import ProfileRow
    from vault.remote.summary import WaitingItem
    from vault.rotation.key_age import KeyAge
    from vault.unlocking.inventory import Listed
    from vault.unlocking.keys import Keys


_NAMED = 5  # items that wait for an answer in one line


def show(context: Context, *, only_profiles: bool, as_json: bool, used: bool) -> None:
    """Run the command with these options (vault/cli/everyday has their meaning)."""
    if used:
        _used(context, as_json=as_json)
        return
    sign_in = None
    try:
        keys = open_keys(context, purpose="to list its entries")
    except NotFound as error:
        from vault.signin import needed

        sign_in = needed.without_vault(error, context.env, home=context.paths.home)
        if sign_in is None:
            raise
        keys = None
    found = keys.contents() if keys is not None else Contents((), frozenset())
    waiting = _waiting(context, keys) if keys is not None else None
    shown = as_json or only_profiles or is_terminal()
    profiles = _profiles(context, keys, found) if shown or not found.entries else []
    if as_json:
        emit_json(_whole(profiles, found, waiting))
        return
    if profiles and shown:
        _profile_table(context, profiles)
    if sign_in is not None:
        key = "" if sign_in.only else ". To create it with a first key: awsvault-py add NAME"
        say(f"There is no vault yet. To create it and sign in: {sign_in.command}{key}")
    if only_profiles or sign_in is not None:
        return
    if not found.entries:
        say(_without_entries(context, profiles, shown=shown))
    else:
        _entry_table(context, found, waiting or (), apart=bool(profiles))
    _tell_waiting(waiting or ())


def _waiting(context: Context, keys: Keys) -> tuple[WaitingItem, ...] | None:
    """What waits for an answer since the last sync; None if there is no remote, or if that is not known."""
    if not context.has_synced(keys.vault_id):
        return None
    from vault.inspect import remote_status

    remote = remote_status.of(context, keys.vault_id, keys.cache_key)
    return remote.summary.waiting if remote is not None and remote.summary is not None else None


def _tell_waiting(waiting: Sequence[WaitingItem]) -> None:
    if not waiting:
        return
    from vault.cli import sync_view

    named = [sync_view.told(one) for one in waiting[:_NAMED]]
    more = f" and {len(waiting) - len(named)} more" if len(waiting) > len(named) else ""
    verb = "waits" if len(waiting) == 1 else "wait"
    say(f"{', '.join(named)}{more} {verb} for your answer: awsvault-py sync")


def _conflicts(waiting: Iterable[WaitingItem]) -> dict[str, str]:
    """Why an entry waits, by its name."""
    return {one.name: one.why for one in waiting if one.kind == "entry"}


def _entry_table(context: Context, found: Contents, waiting: Sequence[WaitingItem], *, apart: bool) -> None:
    """The entries; at a terminal with a mark beside those that wait for an answer, if any does."""
    if apart:
        emit("")
    now = context.clock.time()
    rows: list[tuple[str | Cell, ...]] = [
        (
            entry.name,
            entry.access_key_id,
            entry.account or "",
            entry.user or "",
            found.mfa_mode(entry),
            key_age(now - entry.created),
        )
        for entry in found.entries
    ]
    columns: tuple[str, ...] = ("ENTRY", "KEY", "ACCOUNT", "USER", "MFA", "AGE")
    if waiting and is_terminal():
        conflicts = _conflicts(waiting)
        marks = (Cell("conflict" if entry.name in conflicts else "", "yellow") for entry in found.entries)
        rows = [(*row, mark) for row, mark in zip(rows, marks, strict=True)]
        columns = (*columns, "SYNC")
    table(context.env, columns, rows, optional=("USER", "ACCOUNT"))


def _without_entries(context: Context, profiles: list[ProfileRow], *, shown: bool) -> str:
    """What a vault without a key is good for: sign-ins, if AWS's files have any."""
    if any(line.sign_in is not None or line.signed_out for line in profiles):
        more = (
            "To add a key: awsvault-py add NAME"
            if shown
            else "To list the profiles: awsvault-py list --profiles"
        )
        return f"The vault has no access keys. {more}"
    from vault.signin import needed

    found = needed.of_files(context.env, home=context.paths.home)
    if found is None:
        return "The vault is empty. To add a key: awsvault-py add NAME"
    setup = command_line("setup --sso", found.name)
    return f"The vault has no access keys. To write a profile for each of your roles: {setup} --region REGION"


def _profiles(context: Context, keys: Keys | None, found: Contents) -> list[ProfileRow]:
    """The rows of the profiles. If AWS's files have an error, reports it and returns none, so that the entries are still shown."""
    from vault.errors import ConfigError
    from vault.inspect.profile_table import rows

    try:
        return rows(context, keys, found)
    except ConfigError as error:
        say(f"Cannot show the profiles: {error.message}")
        return []


def _profile_table(context: Context, profiles: list[ProfileRow]) -> None:
    now = context.clock.time()
    table(
        context.env,
        ("PROFILE", "ACCOUNT", "ROLE OR USER", "SOURCE", "EXPIRES IN"),
        [
            (
                Cell(line.profile, "bold red" if means_production(line.environment) else ""),
                line.account or "",
                _leads_to(line),
                " ".join(filter(None, (line.source, line.sign_in))),
                _expires(line, now),
            )
            for line in profiles
        ],
        optional=("SOURCE", "ACCOUNT"),
    )


def _expires(line: ProfileRow, now: float) -> Cell:
    if line.expires is None and line.signed_out:
        return Cell("not signed in", "yellow")
    return expires_in(line.expires - now if line.expires is not None else None)


def _leads_to(line: ProfileRow) -> Cell:
    """The role or user. At a terminal, a command that shows the error of a profile, which would not fit."""
    if line.problem:
        return Cell(f"see: {command_line('explain', line.profile)}" if is_terminal() else line.problem, "red")
    return Cell(_short(line.identity) or ("plaintext key" if line.plaintext else ""))


def _short(identity: str | None) -> str:
    """The part of an ARN after the account, such as ``role/NAME``."""
    return (identity or "").rpartition(":")[2]


_ONLY_SHOWN = ("plaintext", "sign_in", "signed_out")


def _profile_json(line: ProfileRow) -> dict[str, object]:
    ends = rfc3339(line.expires) if line.expires is not None else None
    fields = {name: value for name, value in line._asdict().items() if name not in _ONLY_SHOWN}
    return without_absent({**fields, "expires": ends})


def _whole(
    profiles: list[ProfileRow], found: Contents, waiting: Sequence[WaitingItem] | None
) -> dict[str, object]:
    conflicts = _conflicts(waiting or ())
    return without_absent(
        {
            "profiles": [_profile_json(line) for line in profiles],
            "entries": [_json(entry, found, conflicts.get(entry.name)) for entry in found.entries],
            "waiting": None if waiting is None else [one._asdict() for one in waiting],
        }
    )


def _json(entry: Listed, found: Contents, conflict: str | None) -> dict[str, object]:
    return without_absent(
        {
            "name": entry.name,
            "access_key_id": entry.access_key_id,
            "account": entry.account,
            "user": entry.user,
            "mfa_serial": entry.mfa_serial,
            "mfa": found.mfa_mode(entry),
            "created": rfc3339(entry.created),
            "rotation": entry.rotation,
            "conflict": conflict,
        }
    )


def _used(context: Context, *, as_json: bool) -> None:
    """Show what IAM knows about each key, for ``--used``."""
    from vault.rotation.key_age import key_ages

    now = context.clock.time()
    found = key_ages(context, open_keys(context, purpose="to ask AWS about its keys"))
    if as_json:
        rows = [
            {
                "name": one.name,
                "access_key_id": one.key_id,
                "age_seconds": one.age,
                "age_known": one.exact,
                "last_used": rfc3339(one.used.at) if one.used is not None else None,
                "last_service": one.used.service if one.used is not None else None,
                "kept_until": rfc3339(one.kept_until) if one.kept_until is not None else None,
                "trouble": one.trouble,
            }
            for one in found
        ]
        emit_json({"entries": [without_absent(row) for row in rows]})
        return
    for one in found:
        if one.trouble is not None:
            say(f"{one.name}: could not ask AWS: {one.trouble}")
    table(
        context.env,
        ("ENTRY", "KEY", "AGE", "LAST USED", "OLD KEY"),
        [(one.name, one.key_id, _age(one), _last_use(one, now), _old(one, now)) for one in found],
    )


def _age(one: KeyAge) -> Cell:
    return key_age(one.age, more="" if one.exact else " or more")


def _last_use(one: KeyAge, now: float) -> str:
    if one.used is None:
        return "never" if one.used_known else "unknown"
    return f"{ago(now - one.used.at)}, {one.used.service}"


def _old(one: KeyAge, now: float) -> str:
    found = one.progress
    if found is None:
        return ""
    return {
        progress.INTERRUPTED: "rotation interrupted",
        progress.WAITING: f"active for {span(found.until - now)} at most, waits for: {found.machines}",
        progress.DUE: f"active: run {command_line('rotate', one.name)}",
    }.get(found.state, f"kept for {span(found.until - now)}")
