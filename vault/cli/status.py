"""`awsvault-py status`: shows whether the vault is unlocked, until when, and which sessions are cached."""

from __future__ import annotations

from vault.cli.sign_in_rows import json_row, sections_json, valid_until
from vault.cli.terminal import (
    ago,
    emit,
    emit_json,
    expires_in,
    is_terminal,
    key_age,
    local,
    rfc3339,
    say,
    span,
    table,
    without_absent,
)
from vault.errors import ConfigError
from vault.profiles import aws_files
from vault.rotation import progress
from vault.signin import needed
from vault.store import slot_text
from vault.text import command as command_line
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.context import Context
    from vault.inspect.key_status import KeyStatus
    from vault.inspect.remote_status import RemoteStatus
    from vault.inspect.status import State
    from vault.rotation.key_age import KeyAge
    from vault.rotation.progress import RotationProgress
    from vault.unlocking.hardware import HardwareState
    from vault.unlocking.inventory import Listed

_SAID = {
    "open": "The vault is unlocked",
    "locked": "The vault is locked. The agent is running",
    "held": "The vault is locked (you ran awsvault-py lock). To unlock it: awsvault-py unlock",
    "none": "The vault is locked. No agent is running",
}


def show(context: Context, *, as_json: bool, policy: str | None) -> int:
    """Run the command with these options (vault/cli/everyday has their meaning)."""
    if policy is not None:
        return _policy(context, policy, as_json=as_json)
    from vault.inspect import status

    state = status.look(context)
    keys = state.keys
    vaultless = state.state == "none" and not status.has_vault(context)
    if as_json:
        more = (
            {"sign_ins": _sections(context)} if vaultless else _json_of_keys(keys, now=context.clock.time())
        )
        emit_json(_json(state) | more)
        return 0
    now = context.clock.time()
    limits = (
        f" until {local(state.until)}, or for {span(state.idle_until - now)} without use"
        if state.until
        else ""
    )
    if vaultless:
        _say_no_vault(context)
        return 0
    say(_SAID[state.state] + limits + ".")
    for device in state.hardware:
        _tell_hardware(device, state.state)
    for warning in state.warnings:
        say(f"Warning: {warning}")
    rows = [
        (
            one.profile,
            expires_in(one.expires - now),
            f"in {span(one.due - now)}" if one.due > now else "now",
            one.cached_by,
        )
        for one in state.sessions
    ]
    if rows:
        table(context.env, ("PROFILE", "EXPIRES IN", "REFRESH", "CACHED"), rows)
    if keys is not None:
        shown = _show_sign_ins(context, keys, now=now, apart=bool(rows))
        _show_keys(context, keys, now=now, apart=shown or bool(rows))
    if state.remote is not None:
        _tell_remote(state.remote, now=now)
    return 0


def _sections(context: Context) -> list[dict[str, Any]]:
    """The ``sso-session`` sections, as sign-ins that there are not."""
    try:
        return sections_json(aws_files.load(context.env, home=context.paths.home), known=())
    except ConfigError:  # doctor and every export report it
        return []


def _say_no_vault(context: Context) -> None:
    """Say that there is no vault, and show where the user could sign in (only on a terminal)."""
    sections = _sections(context) if is_terminal() else []
    if sections:
        table(
            context.env,
            ("SIGN-IN", "TOKEN VALID UNTIL"),
            [(row["session"], "not signed in") for row in sections],
        )
    found = needed.of_files(context.env, home=context.paths.home)
    ways = [f"To create it and sign in: {found.command}"] if found is not None else []
    if found is None or not found.only:
        ways.append("To create it with a first key: awsvault-py add NAME")
    say(". ".join(["There is no vault yet", *ways]))


def _show_sign_ins(context: Context, keys: KeyStatus, *, now: float, apart: bool) -> bool:
    """Show the sign-ins to IAM Identity Center (only on a terminal), and say which are over. Returns whether it printed a table."""
    shown = [one for one in keys.sign_ins if one.usable(now)] if is_terminal() else []
    if shown:
        if apart:
            emit("")
        table(
            context.env,
            ("SIGN-IN", "TOKEN VALID UNTIL"),
            [(one.place.name, valid_until(one)) for one in shown],
        )
    for one in keys.sign_ins:
        if not one.usable(now) and one.place.session is not None:
            say(
                f"{safe(one.place.name)}: the sign-in is over. To sign in again: {command_line('sso login', one.place.session)}"
            )
    return bool(shown)


def _tell_remote(remote: RemoteStatus, *, now: float) -> None:
    url = f" {safe(remote.summary.url)}" if remote.summary is not None else ""
    text = f"Remote{url}: last synced {ago(now - remote.at)}."
    if remote.asks:
        text += f" {remote.asks} {'item waits' if remote.asks == 1 else 'items wait'} for your answer: awsvault-py sync"
    say(text)


def _tell_hardware(one: HardwareState, state: str) -> None:
    kind = slot_text.kind(one.record)
    if one.problem is not None:
        say(
            f"Warning: the {kind} slot {one.record.name} does not unlock it: {safe(one.problem)}. See awsvault-py doctor"
        )
    elif slot_text.kind(one.record) == "security key":
        if state != "held":
            say(f"The security key that is plugged in unlocks it by {slot_text.by_security_key(one.record)}.")
    elif state == "open":
        say(f"After that, this machine's {kind} unlocks it for each command, without a prompt.")
    elif state != "held":
        say(f"This machine's {kind} unlocks it for each command, without a prompt.")


def _show_keys(context: Context, keys: KeyStatus, *, now: float, apart: bool) -> None:
    """Show the age of the keys (only on a terminal), unfinished rotations, and sessions that are shorter than requested."""
    if keys.entries and is_terminal():
        if apart:
            emit("")
        aged = [(one.name, key_age(now - one.created)) for one in keys.entries]
        table(context.env, ("ENTRY", "AGE"), aged)
    summary = keys.remote.summary if keys.remote is not None else None
    for entry in keys.entries:
        found = progress.of(entry, summary.rotations if summary is not None else (), now=now)
        if found is not None:
            say(f"{safe(entry.name)}: {_rotation_text(entry, found)}")
    for one in keys.shortened:
        say(
            f"{safe(one.profile)}: the session lasts one hour instead of {span(one.wanted)}, because no MFA code was available "
            f"in time. It expires in {span(one.expires - now)}. For a longer session: awsvault-py export --fresh {safe(one.profile)}"
        )


def _rotation_text(entry: Listed, found: RotationProgress) -> str:
    """What the user has to know of a rotation, and do."""
    name = safe(entry.name)
    match found.state:
        case progress.KEPT:
            return (
                f"its old key is inactive and kept until {local(found.until)}. To delete it now: "
                f"awsvault-py rotate --finish {name}; to restore it: --undo"
            )
        case progress.OVER:
            return f"its old key can be deleted: awsvault-py rotate --finish {name}"
        case progress.WAITING:
            said = progress.stays_active(f"its old key {found.old}", local(found.until), found.machines)
            return f"{said}. {progress.how_to_continue(entry.name)}"
        case progress.DUE:
            return f"its old key {found.old} is still active, and no machine is waited for. To deactivate it: {command_line('rotate', entry.name)}"
        case _:
            return f"a rotation was interrupted. To continue: awsvault-py rotate {name}"


def _json_of_keys(keys: KeyStatus | None, *, now: float) -> dict[str, object]:
    if keys is None:
        return {}
    rows = [
        without_absent(
            {
                "name": entry.name,
                "access_key_id": entry.access_key_id,
                "created": rfc3339(entry.created),
                "rotation": entry.rotation,
                "kept_until": rfc3339(entry.kept_until) if entry.kept_until is not None else None,
            }
        )
        for entry in keys.entries
    ]
    short = [
        {"profile": one.profile, "expires": rfc3339(one.expires), "wanted_seconds": one.wanted}
        for one in keys.shortened
    ]
    sign_ins = [json_row(one, now=now) for one in keys.sign_ins]
    return {"keys": rows, "given_for_an_hour": short, "sign_ins": sign_ins}


def _policy(context: Context, text: str, *, as_json: bool) -> int:
    """Run ``--policy``. Returns 0 if no key is too old and no rotation is unfinished, otherwise 1."""
    from vault import limits
    from vault.cli.time_option import seconds_of
    from vault.rotation.key_age import key_ages
    from vault.unlocking.key_access import open_keys

    age = seconds_of("--policy", text, most=limits.OLDEST_KEY)
    now = context.clock.time()
    found = key_ages(context, open_keys(context, purpose="to check the age of its keys"))
    due = [one for one in found if one.is_due(age, now=now)]
    if as_json:
        emit_json({"keys": [_json_of_health(one, due=one in due) for one in found]})
    for one in due:
        why = f"is {span(one.age)} old" if one.age > age else _unfinished(one)
        if one.used is not None:
            why += f" (last used {ago(now - one.used.at)} for {safe(one.used.service)})"
        say(f"{safe(one.name)}: {one.key_id} {why}; run: awsvault-py rotate {safe(one.name)}")
    return 1 if due else 0


def _unfinished(one: KeyAge) -> str:
    if one.progress is not None and one.progress.state == progress.WAITING:
        return f"has a rotation that waits until these machines have synced: {one.progress.machines}"
    return "has an unfinished rotation"


def _json_of_health(one: KeyAge, *, due: bool) -> dict[str, object]:
    found = {
        "name": one.name,
        "access_key_id": one.key_id,
        "age_seconds": one.age,
        "age_known": one.exact,
        "last_used": rfc3339(one.used.at) if one.used is not None else None,
        "last_service": one.used.service if one.used is not None else None,
        "due": due,
    }
    return without_absent(found)


def _json(state: State) -> dict[str, object]:
    found: dict[str, object] = {"state": state.state}
    if state.pid is not None:
        found["pid"] = state.pid
    for name in ("opened", "idle_until", "until", "strict_until"):
        moment = getattr(state, name)
        if moment:
            found[name] = rfc3339(moment)
    found["warnings"] = list(state.warnings)
    if state.remote is not None:
        if state.remote.summary is not None:
            found["remote"] = state.remote.summary.url
        found |= {"last_synced": rfc3339(state.remote.at), "waiting": state.remote.asks}
    if state.hardware:
        found["hardware"] = [
            without_absent(
                {
                    "slot": one.record.name,
                    "kind": slot_text.kind(one.record),
                    "usable": one.problem is None,
                    "problem": one.problem,
                }
            )
            for one in state.hardware
        ]
    found["sessions"] = [
        {
            "profile": one.profile,
            "expires": rfc3339(one.expires),
            "due": rfc3339(one.due),
            "held": one.cached_by,
        }
        for one in state.sessions
    ]
    return found
